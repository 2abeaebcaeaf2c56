//! Wire types that several resources answer with.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Customer, Role};

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomerBody {
    /// The id.
    customer_id: String,
    /// A person's or company's name.
    name: String,
    /// As typed; null for customers.
    phone: Option<String>,
    /// As typed; null for customers.
    email: Option<String>,
}

impl CustomerBody {
    /// A customer as one role sees it: a customer's link may be passed on, so it tells no way to reach them.
    pub(super) fn of(customer: Customer, role: Role) -> Self {
        let reachable = role != Role::Customer;
        Self {
            customer_id: customer.customer_id.to_string(),
            name: customer.name.into(),
            phone: customer.phone.filter(|_| reachable).map(String::from),
            email: customer.email.filter(|_| reachable).map(String::from),
        }
    }
}
