//! The HTTP face: the same router on one machine, in a cluster and in Lambda.

mod archive;
mod auth;
mod customers;
mod endpoints;
mod events;
mod extract;
mod fields;
mod health;
mod jobs;
mod layers;
mod links;
mod metrics;
#[cfg(feature = "serve")]
mod pages;
mod photos;
mod problem;
mod processing;
mod session;
mod shortcuts;
mod state;
mod uploads;
mod wire;

use axum::Router;
use http::StatusCode;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use problem::{Problem, ProblemBody};
pub use state::App;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "qdn", description = "Photos of field-service jobs: grants, lists, jobs, links.", license(name = "MIT OR Apache-2.0")),
    components(schemas(ProblemBody)),
    security(("application_key" = [], "token" = []), ("application_key" = [])),
)]
struct Api;

fn api_router() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(uploads::create_upload))
        .routes(routes!(photos::list_photos))
        .routes(routes!(photos::read_photo, photos::change_photo, photos::delete_photo))
        .routes(routes!(archive::read_archive))
        .routes(routes!(processing::process_photos))
        .routes(routes!(metrics::read_metrics))
        .routes(routes!(jobs::create_job, jobs::list_jobs))
        .routes(routes!(jobs::read_job, jobs::change_job))
        .routes(routes!(customers::create_customer, customers::list_customers))
        .routes(routes!(customers::read_customer, customers::change_customer))
        .routes(routes!(links::create_link, links::list_links))
        .routes(routes!(links::revoke_link))
        .routes(routes!(session::create_session, session::read_session, session::delete_session))
        .routes(routes!(events::read_events))
        .routes(routes!(shortcuts::read_android_shortcuts))
        .routes(routes!(health::read_config))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

/// The OpenAPI 3.1 description of every handler.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = api_router().into_openapi();
    let components = api.components.get_or_insert_default();
    let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(auth::APPLICATION_KEY_HEADER)));
    components.add_security_scheme("application_key", key);
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("token", bearer);
    api
}

/// The description as the repository keeps it, which a test holds against the handlers: making it anew costs more than
/// anything else that a function does at its start.
const DESCRIPTION: &str = include_str!("../../openapi.json");

async fn read_description() -> impl axum::response::IntoResponse {
    ([(http::header::CONTENT_TYPE, "application/json")], DESCRIPTION)
}

/// The whole router: API, description and, where the program holds them, the pages.
pub fn router(app: App) -> Router {
    let (api, _) = api_router().split_for_parts();
    let router = api.route("/openapi.json", axum::routing::get(read_description));
    #[cfg(feature = "serve")]
    let router = router.merge(pages::router());
    let router = router
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here"))
        .method_not_allowed_fallback(async || {
            let detail = "this address exists, but not for this method";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .with_state(app.clone());
    layers::wrap(router, app)
}
