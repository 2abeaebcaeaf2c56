//! The use cases: what is decided and done, whichever way a request comes in. HTTP handlers, the command line and the
//! functions call them; they know the database, the bucket and the photo queue, and no wire types.

pub mod applications;
mod background;
mod error;
mod jobs;
pub mod links;
mod photos;
mod processing;
mod reconcile;
mod uploads;

pub use background::Background;
pub use error::{OperationError, require};
pub use jobs::{
    NewCustomer, NewJob, authorize_job, change_customer, change_job, create_customer, create_job,
};
pub use photos::{PhotoPage, Photos};
pub use processing::Progress;
pub use uploads::{GrantTerms, PUT_ONCE_HEADERS, SendMethod, SignedUpload, UploadDetails};
