//! The pages, embedded in the program as the build script made them.

use std::borrow::Cow;
use std::path::{Component, Path};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
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
/// One index file each; what follows the name is a file beside it, or the page's own business.
const PAGES: [&str; 3] = ["dashboard", "track", "capture"];

pub(super) fn router() -> Router<App> {
    let mut router = Router::new()
        .route("/", get(async || Redirect::to("/dashboard/")))
        .route("/assets/{*path}", get(asset))
        .route("/favicon.svg", get(asset))
        .route("/capture/share", post(share_without_worker));
    for page in PAGES {
        let serve = move |State(app): State<App>, headers: HeaderMap, uri: Uri| async move {
            page_file(&app, &headers, page, &uri).await
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

/// What a phone shares with the capture page is taken by the page's service worker. Where the browser has thrown that
/// away the photos come here: they are still in the phone's gallery, and the page says so.
async fn share_without_worker() -> Redirect {
    Redirect::to("/capture/?shared=missed")
}

/// A file of the pages.
struct PageFile {
    bytes: Cow<'static, [u8]>,
    content_type: HeaderValue,
}

/// Reads a file of the pages: of those embedded, or of the folder that takes their place.
async fn read(app: &App, name: &str) -> Result<Option<PageFile>, Problem> {
    let bytes = match &app.config.pages.folder {
        None => Files::get(name).map(|file| file.data),
        Some(folder) => {
            let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            if !plain {
                return Ok(None);
            }
            tokio::fs::read(folder.join(name)).await.ok().map(Cow::Owned)
        }
    };
    let Some(bytes) = bytes else { return Ok(None) };
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let content_type = match guess.type_() {
        mime_guess::mime::TEXT => format!("{guess}; charset=utf-8"),
        _ => guess.to_string(),
    };
    let content_type = HeaderValue::from_str(&content_type).map_err(Problem::internal)?;
    Ok(Some(PageFile { bytes, content_type }))
}

async fn asset(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let path = uri.path();
    let file = read(&app, path.trim_start_matches('/')).await?.ok_or_else(not_found)?;
    let cache = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers =
        [(header::CONTENT_TYPE, file.content_type), (header::CACHE_CONTROL, HeaderValue::from_static(cache))];
    Ok((headers, file.bytes).into_response())
}

/// A file beside a page's index (its manifest, its service worker, its icons), and for every other name the index. The
/// policy lets both run our scripts only, and talk to us and the store only.
async fn page_file(app: &App, headers: &HeaderMap, page: &str, uri: &Uri) -> Result<Response, Problem> {
    let path = uri.path().trim_start_matches('/');
    let beside = if path.ends_with('/') { None } else { read(app, path).await? };
    let file = match beside {
        Some(file) => file,
        None => read(app, &format!("{page}/index.html")).await?.ok_or_else(not_found)?,
    };
    let store = endpoints::store_origin(app, headers)?;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; \
         img-src 'self' blob: data: {store}; connect-src 'self' {store}; worker-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, file.content_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(Problem::internal)?),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, file.bytes).into_response())
}
