//! The pages, embedded in the program as the build script made them.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use rust_embed::RustEmbed;

use super::endpoints;
use super::problem::Problem;
use super::state::App;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// Names under here carry the hash of their content.
const ASSETS: &str = "/assets/";
/// One index file each; what follows the name is the page's own business.
const PAGES: [&str; 3] = ["dashboard", "track", "capture"];

pub(super) fn router() -> Router<App> {
    let mut router = Router::new()
        .route("/", get(async || Redirect::to("/dashboard/")))
        .route("/assets/{*path}", get(asset))
        .route("/favicon.svg", get(asset));
    for page in PAGES {
        let serve = move |State(app): State<App>, headers: HeaderMap| async move {
            index(&app, &headers, &format!("{page}/index.html"))
        };
        let redirect = async move || Redirect::to(&format!("/{page}/"));
        router = router
            .route(&format!("/{page}"), get(redirect))
            .route(&format!("/{page}/"), get(serve))
            .route(&format!("/{page}/{{*path}}"), get(serve));
    }
    router
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
}

async fn asset(uri: Uri) -> Result<Response, Problem> {
    let path = uri.path();
    let file = Files::get(path.trim_start_matches('/')).ok_or_else(not_found)?;
    let cache = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = HeaderValue::from_str(file.metadata.mimetype()).map_err(Problem::internal)?;
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(cache))];
    Ok((headers, file.data).into_response())
}

/// A page's index. The policy lets it run its own scripts only, and talk to us and the store only.
fn index(app: &App, headers: &HeaderMap, name: &str) -> Result<Response, Problem> {
    let file = Files::get(name).ok_or_else(not_found)?;
    let store = endpoints::store_origin(app, headers)?;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' blob: data: {store}; connect-src 'self' {store}; worker-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(Problem::internal)?),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, file.data).into_response())
}
