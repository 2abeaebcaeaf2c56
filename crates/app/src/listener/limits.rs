use std::time::Duration;

/// What one client may cost. Times are whole seconds, rates are bytes a second, sizes are bytes.
///
/// There is no limit on how many requests a connection may carry one after another, and none on the time a handler
/// takes: only waits for the client are timed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerLimits {
    /// Connections open at once. Further clients wait in the kernel's backlog until one closes; while they may,
    /// idle connections are closed and busy ones end with their answer.
    ///
    /// Each costs one file descriptor and, while it uploads, about 100 KiB.
    pub connections_max: usize,
    /// How long a client may take from its connection, or from the first byte of a later request, to the end of the
    /// request's head. After that the connection is closed without an answer.
    pub header_read_seconds: u64,
    /// How long a connection may stay open without a request after it has had one. Longer than the 60 seconds
    /// load balancers usually keep an idle connection, so that it is they who close first.
    pub keep_alive_idle_seconds: u64,
    /// The largest request head (request line and headers) in bytes; a larger one is answered 431.
    pub header_bytes_max: usize,
    /// The longest silence in the middle of a request body; then the request is answered 408 and the connection
    /// closed.
    pub body_idle_seconds: u64,
    /// The slowest a request body may come, in bytes a second, once the grace is used up; 0 is no minimum.
    pub body_bytes_per_second_min: u64,
    /// How long a body may be slower than the minimum, in seconds. Faster stretches earn it back, never beyond this.
    pub body_grace_seconds: u64,
    /// The longest wait for a client that takes nothing of its answer; then the connection is closed.
    pub response_stall_seconds: u64,
    /// The slowest a client may take its answer, in bytes a second, once the grace is used up; 0 is no minimum.
    pub response_bytes_per_second_min: u64,
    /// How long a client may be slower than that, in seconds.
    pub response_grace_seconds: u64,
    /// How long the rest of a request body is thrown away after an answer that did not wait for it (403, 413, 507),
    /// in seconds. Closing at once would reset the connection and the client would never see the answer.
    pub linger_seconds: u64,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            header_read_seconds: 10,
            keep_alive_idle_seconds: 75,
            header_bytes_max: 32 * 1024,
            body_idle_seconds: 30,
            body_bytes_per_second_min: 1024,
            body_grace_seconds: 30,
            response_stall_seconds: 60,
            response_bytes_per_second_min: 1024,
            response_grace_seconds: 60,
            linger_seconds: 10,
        }
    }
}

impl ListenerLimits {
    pub(super) fn header_read(&self) -> Duration {
        Duration::from_secs(self.header_read_seconds)
    }

    pub(super) fn keep_alive_idle(&self) -> Duration {
        Duration::from_secs(self.keep_alive_idle_seconds)
    }

    pub(super) fn linger(&self) -> Duration {
        Duration::from_secs(self.linger_seconds)
    }
}
