//! Locks that serialise what changes one key, without one lock per key.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::layout::KeyHash;

const STRIPES: usize = 1024;

/// A fixed number of locks over which all keys are spread.
#[derive(Debug)]
pub(crate) struct KeyLocks {
    stripes: Vec<Mutex<()>>,
    /// Never reached, since the stripe of a key is always there; it spares a panic.
    fallback: Mutex<()>,
}

impl KeyLocks {
    pub(crate) fn new() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(), fallback: Mutex::new(()) }
    }

    /// Waits until nobody else changes this key. Blocks.
    pub(crate) fn lock(&self, name: &str) -> MutexGuard<'_, ()> {
        let stripe = KeyHash::of(name).number() % STRIPES;
        self.stripes.get(stripe).unwrap_or(&self.fallback).lock().unwrap_or_else(PoisonError::into_inner)
    }
}
