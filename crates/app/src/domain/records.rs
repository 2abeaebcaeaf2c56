//! Jobs, customers, links and applications as the database keeps them.

use jiff::Timestamp;

use super::{
    Address, ApplicationId, ApplicationName, CustomerId, CustomerName, Email, JobId, LinkId, Phone, Role,
    Scope, SecretHash, Title,
};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Planned.
    Scheduled,
    /// The crew is there.
    InProgress,
    /// Finished.
    Done,
    /// Called off.
    Cancelled,
}

impl JobStatus {
    /// The word of the contract and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Scheduled, Self::InProgress, Self::Done, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// Who the work is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub customer_id: CustomerId,
    /// A person's or company's name.
    pub name: CustomerName,
    /// As typed.
    pub phone: Option<Phone>,
    /// As typed.
    pub email: Option<Email>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A change of a customer; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerChange {
    /// New name.
    pub name: Option<CustomerName>,
    /// New phone number; `Some(None)` takes it away.
    pub phone: Option<Option<Phone>>,
    /// New e-mail address; `Some(None)` takes it away.
    pub email: Option<Option<Email>>,
}

/// A piece of work at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub job_id: JobId,
    /// Whom it is for.
    pub customer_id: CustomerId,
    /// What people call it.
    pub title: Title,
    /// Where.
    pub address: Option<Address>,
    /// When.
    pub scheduled_for: Option<Timestamp>,
    /// How far it is.
    pub status: JobStatus,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A change of a job; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobChange {
    /// New title.
    pub title: Option<Title>,
    /// New address; `Some(None)` takes it away.
    pub address: Option<Option<Address>>,
    /// New time; `Some(None)` takes it away.
    pub scheduled_for: Option<Option<Timestamp>>,
    /// New status.
    pub status: Option<JobStatus>,
}

/// A token and what it opens. The token's text is nowhere: only its hash.
#[derive(Debug, Clone)]
pub struct Link {
    /// The public name.
    pub link_id: LinkId,
    /// The hash of the token.
    pub token_hash: SecretHash,
    /// What its bearer may do.
    pub role: Role,
    /// To which jobs.
    pub scope: Scope,
    /// Whether a customer may upload with it.
    pub may_upload: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When staff took it back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl Link {
    /// Whether it opens anything at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// The two kinds of application keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationKind {
    /// Stands in web pages; opens nothing alone.
    Publishable,
    /// For servers and phone shortcuts: acts by itself.
    Secret {
        /// What it may do.
        role: Role,
        /// To which jobs.
        scope: Scope,
    },
}

/// Who calls: a web page, a server, a phone shortcut.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub application_id: ApplicationId,
    /// For people.
    pub name: ApplicationName,
    /// What its key opens.
    pub kind: ApplicationKind,
    /// The hash of its key.
    pub key_hash: SecretHash,
    /// Other origins whose pages may call with this key; `*` is any.
    pub allowed_origins: Vec<String>,
    /// Its rate.
    pub requests_per_minute_max: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}
