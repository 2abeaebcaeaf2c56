//! qdn
