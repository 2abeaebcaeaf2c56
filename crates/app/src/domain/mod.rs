//! What qdn knows about jobs and photos: no IO, no wire types, no clock.

pub mod file_names;
pub mod ids;
pub mod image_types;
pub mod merge;
pub mod names;
pub mod photo;
pub mod policy;
pub mod records;
pub mod roles;
pub mod secrets;
pub mod stored_object;
pub mod text;
pub mod window;

pub use file_names::{FileNames, safe_file_name};
pub use ids::{ApplicationId, CustomerId, IdError, JobId, LinkId, PhotoId, PrincipalId, RequestId};
pub use image_types::{IMAGE_TYPES, ImageType};
pub use names::{ObjectName, PhotoName, Rendition};
pub use photo::{
    Claim, Location, Outcome, Phase, PhotoChange, PhotoRecord, PhotoStatus, Renditions, Verdict,
};
pub use policy::{Action, Actor, Decision, Principal};
pub use records::{Application, ApplicationKind, Customer, CustomerChange, Job, JobChange, JobStatus, Link};
pub use roles::{Role, Scope};
pub use secrets::{Secret, SecretHash};
pub use stored_object::StoredObject;
pub use text::{
    Address, ApplicationName, Caption, CustomerName, Email, Phone, TextError, Title, checked_text,
};
