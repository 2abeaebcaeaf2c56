//! Customers: staff make and change them; everybody reads those in their scope.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Authenticated;
use super::extract::{JsonBody, PathIds, StrictQuery};
use super::fields;
use super::problem::{Problem, ProblemBody, require};
use super::state::App;
use super::wire::CustomerBody;
use crate::domain::{Action, CustomerChange, CustomerId, CustomerName, Email, Phone, Scope};
use crate::operations::{self, NewCustomer};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;

/// A new customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateCustomer {
    /// A person's or company's name.
    name: String,
    /// As typed.
    phone: Option<String>,
    /// As typed.
    email: Option<String>,
}

/// The id of a new customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomerCreated {
    /// The id.
    customer_id: String,
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomerPage {
    /// Oldest first.
    customers: Vec<CustomerBody>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// A change of a customer. Absent fields stay; null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeCustomer {
    /// A person's or company's name.
    name: Option<String>,
    /// As typed, or null.
    #[serde(default, deserialize_with = "fields::nullable")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// As typed, or null.
    #[serde(default, deserialize_with = "fields::nullable")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
}

/// Which customers to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListCustomers {
    /// At most so many, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// Makes a customer.
#[utoipa::path(post, path = "/customers", request_body = CreateCustomer, responses(
    (status = 201, description = "Made", body = CustomerCreated),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn create_customer(
    State(app): State<App>,
    caller: Authenticated,
    JsonBody(wish): JsonBody<CreateCustomer>,
) -> Result<(StatusCode, Json<CustomerCreated>), Problem> {
    require(caller.actor.decide_general(Action::WriteJobs))?;
    let new = NewCustomer {
        name: fields::typed("name", &wish.name, CustomerName::parse)?,
        phone: fields::optional("phone", wish.phone.as_deref(), Phone::parse_optional)?,
        email: fields::optional("email", wish.email.as_deref(), Email::parse_optional)?,
    };
    let customer_id = operations::create_customer(app.db.as_ref(), new, caller.now).await?.to_string();
    Ok((StatusCode::CREATED, Json(CustomerCreated { customer_id })))
}

/// The one customer that a scope below all jobs reaches; none where its job is gone.
async fn customer_in(app: &App, scope: &Scope) -> Result<Option<CustomerId>, Problem> {
    Ok(match scope {
        Scope::AllJobs => None,
        Scope::Customer(customer_id) => Some(customer_id.clone()),
        Scope::Job(job_id) => app.db.job(job_id.clone()).await?.map(|job| job.customer_id),
    })
}

/// Lists the customers in the caller's scope.
#[utoipa::path(get, path = "/customers", params(ListCustomers), responses(
    (status = 200, description = "A page of customers", body = CustomerPage),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list_customers(
    State(app): State<App>,
    caller: Authenticated,
    StrictQuery(query): StrictQuery<ListCustomers>,
) -> Result<Json<CustomerPage>, Problem> {
    let limit = fields::limit(query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let after = match query.cursor {
        Some(cursor) => {
            Some(CustomerId::parse(&fields::decode_cursor(&cursor)?).map_err(|_| fields::bad_cursor())?)
        }
        None => None,
    };
    let mut customers = match &caller.actor.scope {
        Scope::AllJobs => app.db.customers(after, limit + 1).await?,
        scope => match customer_in(&app, scope).await?.filter(|own| after.as_ref() < Some(own)) {
            Some(own) => app.db.customer(own).await?.into_iter().collect(),
            None => Vec::new(),
        },
    };
    let more = customers.len() > limit;
    customers.truncate(limit);
    let next_cursor =
        customers.last().filter(|_| more).map(|last| fields::encode_cursor(last.customer_id.as_str()));
    let customers =
        customers.into_iter().map(|customer| CustomerBody::of(customer, caller.actor.role)).collect();
    Ok(Json(CustomerPage { customers, next_cursor }))
}

/// Reads one customer in the caller's scope.
#[utoipa::path(get, path = "/customers/{customer_id}", params(("customer_id" = String, Path)), responses(
    (status = 200, description = "The customer", body = CustomerBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_customer(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(customer_id): PathIds<String>,
) -> Result<Json<CustomerBody>, Problem> {
    let customer_id = reachable(&app, &caller, &customer_id).await?;
    let customer = app.db.customer(customer_id).await?.ok_or_else(not_found)?;
    Ok(Json(CustomerBody::of(customer, caller.actor.role)))
}

/// Changes a customer.
#[utoipa::path(patch, path = "/customers/{customer_id}", request_body = ChangeCustomer,
    params(("customer_id" = String, Path)), responses(
    (status = 200, description = "The customer as it is now", body = CustomerBody),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn change_customer(
    State(app): State<App>,
    caller: Authenticated,
    PathIds(customer_id): PathIds<String>,
    JsonBody(wish): JsonBody<ChangeCustomer>,
) -> Result<Json<CustomerBody>, Problem> {
    let customer_id = reachable(&app, &caller, &customer_id).await?;
    // A customer is of all their jobs, so one who reaches a single job does not change them.
    require(caller.actor.decide_general(Action::WriteJobs))?;
    let change = CustomerChange {
        name: wish.name.map(|name| fields::typed("name", &name, CustomerName::parse)).transpose()?,
        phone: fields::change("phone", wish.phone, Phone::parse_optional)?,
        email: fields::change("email", wish.email, Email::parse_optional)?,
    };
    operations::change_customer(app.db.as_ref(), &customer_id, change).await?;
    let customer = app.db.customer(customer_id).await?.ok_or_else(not_found)?;
    Ok(Json(CustomerBody::of(customer, caller.actor.role)))
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "customer_not_found", "there is no such customer")
}

/// The id in a path, unless it is out of the caller's scope. Whether there is such a customer is not looked up.
async fn reachable(app: &App, caller: &Authenticated, customer_id: &str) -> Result<CustomerId, Problem> {
    let customer_id = CustomerId::parse(customer_id).map_err(|_| not_found())?;
    let scope = &caller.actor.scope;
    if *scope != Scope::AllJobs && customer_in(app, scope).await?.as_ref() != Some(&customer_id) {
        return Err(not_found());
    }
    Ok(customer_id)
}
