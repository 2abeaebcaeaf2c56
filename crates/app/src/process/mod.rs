//! The photo processor: takes photos from the queue in the database, has a child process look at each, stores the
//! renditions. At least once, by any number of processes.

#[cfg(feature = "process")]
mod child;
mod metrics;
#[cfg(feature = "process")]
mod photo;
#[cfg(feature = "serve")]
mod pool;
#[cfg(feature = "process")]
mod protocol;
mod queue;
#[cfg(feature = "process")]
mod solo;
mod sweep;
#[cfg(feature = "process")]
mod unseen;
#[cfg(feature = "process")]
mod worker;

#[cfg(feature = "process")]
pub use child::{bytes_max_of, run as run_child};
pub use metrics::Metrics;
#[cfg(feature = "serve")]
pub use pool::Processor;
pub use queue::Queue;
#[cfg(feature = "process")]
pub use solo::{SoloProcessor, Standing};
pub(crate) use sweep::remove_photo;
pub use sweep::{prune_grants, sweep_deleted};
