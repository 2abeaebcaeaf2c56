/// Where work runs that a response need not wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// In a task of its own.
    Spawned,
    /// Before the response: a function stands still after it.
    Awaited,
}

impl Background {
    /// Runs the work, or has it run.
    pub async fn run(self, work: impl Future<Output = ()> + Send + 'static) {
        match self {
            Self::Awaited => work.await,
            Self::Spawned => {
                tokio::spawn(work);
            }
        }
    }
}
