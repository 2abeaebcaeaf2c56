use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Where a connection stands, told by its service and its bodies and read by its stream and its drain.
///
/// HTTP/1 carries one request at a time, so a few flags say it all.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// A request's head has come and its answer has not been handed over whole.
    in_flight: AtomicBool,
    /// Requests whose answer has been handed over, or given up.
    ended: AtomicUsize,
    /// The body of the current request was cut for being late.
    body_late: AtomicBool,
    /// The body of the current request ended before its end, for whatever reason.
    body_failed: AtomicBool,
    /// Some of a request body was still to come when its reader let go of it.
    body_unread: AtomicBool,
}

impl Exchange {
    pub(super) fn in_flight(&self) -> bool {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(super) fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn body_late(&self) -> bool {
        self.body_late.load(Ordering::Acquire)
    }

    pub(super) fn body_failed(&self) -> bool {
        self.body_failed.load(Ordering::Acquire)
    }

    pub(super) fn body_unread(&self) -> bool {
        self.body_unread.load(Ordering::Acquire)
    }

    pub(super) fn set_body_late(&self) {
        self.body_late.store(true, Ordering::Release);
        self.set_body_failed();
    }

    pub(super) fn set_body_failed(&self) {
        self.body_failed.store(true, Ordering::Release);
    }

    pub(super) fn set_body_unread(&self) {
        self.body_unread.store(true, Ordering::Release);
    }
}

/// Held from a request's head to the end of its answer.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Exchange>);

impl InFlight {
    pub(super) fn begin(exchange: Arc<Exchange>) -> Self {
        exchange.in_flight.store(true, Ordering::Release);
        Self(exchange)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // The count first: whoever sees the flag down must also see that one more has ended.
        self.0.ended.fetch_add(1, Ordering::AcqRel);
        self.0.in_flight.store(false, Ordering::Release);
    }
}
