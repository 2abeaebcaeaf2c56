//! What somebody is to the business, and which jobs they reach.

use super::{CustomerId, JobId};

/// What a token's bearer is to the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Dispatchers and owners.
    Staff,
    /// The people with the truck.
    Crew,
    /// Whose junk it is.
    Customer,
}

impl Role {
    /// The word of the contract and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Crew => "crew",
            Self::Customer => "customer",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Staff, Self::Crew, Self::Customer].into_iter().find(|role| role.as_str() == text)
    }
}

/// Which jobs a token reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every job.
    AllJobs,
    /// The jobs of one customer.
    Customer(CustomerId),
    /// One job.
    Job(JobId),
}
