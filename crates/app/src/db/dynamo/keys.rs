//! Where everything stands: the keys of the items, and the partitions of the indexes.
//!
//! | item | `pk` | `sk` | `gsi1pk`, `gsi1sk` | `gsi2pk`, `gsi2sk` |
//! |---|---|---|---|---|
//! | customer | `customer#{id}` | `customer` | `customers`, id | |
//! | job | `job#{id}` | `job` | `jobs`, age and id | `jobs#{customer_id}`, age and id |
//! | a job's tally | `job#{id}` | `job#tally` | | |
//! | photo | `job#{id}` | `photo#{photo_id}` | waiting: `queue`, when due | no outcome: `granted` or `stored`, when granted; deleted, not swept: `sweep`, when deleted |
//! | idempotency key | `job#{id}` | `idem#{uploaded_by}#{hash of the key}` | | |
//! | an uploader's open grants | `open#{link or application id}` | `open` | | |
//! | link | `token#{hash}` | `link` | `links` or `links#{job_id}`, age and id | `links`, when it stops working |
//! | a link's name | `link#{id}` | `link` | | |
//! | application | `key#{hash}` | `application` | | |
//! | an application's name | `applications` | `{id}` | | |

use sha2::{Digest as _, Sha256};

use super::item::{Key, hex};
use crate::domain::{
    ApplicationId, CustomerId, JobId, Link, LinkId, PhotoId, PhotoRecord, PrincipalId, Scope, SecretHash,
};

/// Begins the sort keys of photos.
pub(super) const PHOTOS: &str = "photo#";
/// Sorts behind all of them.
pub(super) const PHOTOS_END: &str = "photo$";
/// Begins those of a job and its tally.
pub(super) const JOB: &str = "job";
/// All customers.
pub(super) const CUSTOMERS: &str = "customers";
/// All jobs.
pub(super) const JOBS: &str = "jobs";
/// Photos that wait for the processor or are with it.
pub(super) const QUEUE: &str = "queue";
/// Photos without an outcome that are not known to be stored.
pub(super) const GRANTED: &str = "granted";
/// Photos without an outcome that are stored.
pub(super) const STORED: &str = "stored";
/// Deleted photos whose objects may be there still.
pub(super) const SWEEP: &str = "sweep";
/// Links of many jobs by age, and all links by when they stop working.
pub(super) const LINKS: &str = "links";
/// The names of all applications.
pub(super) const APPLICATIONS: &str = "applications";

/// DynamoDB's limit for a sort key, in bytes.
const SORT_KEY_BYTES_MAX: usize = 1_024;

pub(super) fn customer(customer_id: &CustomerId) -> Key {
    Key::new(format!("customer#{customer_id}"), "customer")
}

pub(super) fn job_partition(job_id: &JobId) -> String {
    format!("job#{job_id}")
}

pub(super) fn job(job_id: &JobId) -> Key {
    Key::new(job_partition(job_id), JOB)
}

/// What is counted of a job's photos: an item of its own, so that a photo does not rewrite the job and its indexes.
pub(super) fn tally(job_id: &JobId) -> Key {
    Key::new(job_partition(job_id), "job#tally")
}

pub(super) fn photo(job_id: &JobId, photo_id: &PhotoId) -> Key {
    let plain = format!("{PHOTOS}{photo_id}");
    // No object can have such a name below `jobs/{job_id}/photos/`, but a caller can ask for it.
    let sk = if plain.len() > SORT_KEY_BYTES_MAX {
        format!("{PHOTOS}#{}", hex(&Sha256::digest(photo_id.as_str())))
    } else {
        plain
    };
    Key::new(job_partition(job_id), sk)
}

/// Where the uploader's own name for an upload is kept, if it gave one.
pub(super) fn idempotency(record: &PhotoRecord) -> Option<Key> {
    let uploaded_by = record.uploaded_by.as_ref()?;
    let hash = hex(&Sha256::digest(record.idempotency_key.as_ref()?));
    Some(Key::new(job_partition(&record.job_id), format!("idem#{uploaded_by}#{hash}")))
}

/// How many uploads an uploader has open.
pub(super) fn open_grants(uploader: &PrincipalId) -> Key {
    Key::new(format!("open#{uploader}"), "open")
}

pub(super) fn jobs_of(customer_id: &CustomerId) -> String {
    format!("{JOBS}#{customer_id}")
}

pub(super) fn token(token_hash: &SecretHash) -> Key {
    Key::new(format!("token#{}", hex(token_hash.as_bytes())), "link")
}

pub(super) fn link(link_id: &LinkId) -> Key {
    Key::new(format!("link#{link_id}"), "link")
}

pub(super) fn links_of_job(job_id: &JobId) -> String {
    format!("{LINKS}#{job_id}")
}

/// Where a link is listed.
pub(super) fn links_with(link: &Link) -> String {
    match &link.scope {
        Scope::Job(job_id) => links_of_job(job_id),
        Scope::AllJobs | Scope::Customer(_) => LINKS.to_owned(),
    }
}

pub(super) fn application_key(key_hash: &SecretHash) -> Key {
    Key::new(format!("key#{}", hex(key_hash.as_bytes())), "application")
}

pub(super) fn application(application_id: &ApplicationId) -> Key {
    Key::new(APPLICATIONS, application_id.as_str())
}
