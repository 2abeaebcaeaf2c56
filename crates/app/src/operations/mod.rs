//! The use cases: what is decided and done, whichever way a request comes in. HTTP handlers, the command line and the
//! functions call them; they know the database, the bucket and the photo queue, and no wire types.

mod error;
mod jobs;
mod photos;
mod processing;
mod reconcile;
mod uploads;

pub use error::OperationError;
pub use jobs::authorize_job;
pub use photos::{PhotoPage, Photos};
pub use processing::Progress;
pub use uploads::{PUT_ONCE_HEADERS, SendMethod, SignedUpload, UploadDetails};
