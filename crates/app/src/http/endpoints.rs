//! Under which names people reach the two ports.

use http::HeaderMap;
use http::header::HOST;
use http::uri::Authority;
use qdn_sign::{AddressStyle, Endpoint};

use super::auth;
use super::problem::Problem;
use super::state::App;

/// The origin of the API as this caller knows it: as configured, or by the name the request used.
pub(super) fn api_origin(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(url) = &app.config.network.public_url {
        return Ok(url.clone());
    }
    let scheme = if auth::is_secure(app, headers) { "https" } else { "http" };
    Ok(format!("{scheme}://{}", host(headers)?))
}

/// The origin of the store as this caller can reach it.
pub(super) fn store_origin(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(url) = &app.config.network.store_public_url {
        return Ok(url.clone());
    }
    let authority = host(headers)?;
    // `host()` keeps the brackets of an IPv6 address.
    let scheme = app.config.network.scheme();
    let origin = format!("{scheme}://{}:{}", authority.host(), app.store_port);
    // A host that cannot be signed for is none; so it cannot reach a policy header either.
    Endpoint::new(&origin, AddressStyle::Path).map(|_| origin).map_err(|_| bad_host())
}

/// The same as an endpoint to sign for.
pub(super) fn store_endpoint(app: &App, headers: &HeaderMap) -> Result<Endpoint, Problem> {
    let origin = store_origin(app, headers)?;
    Endpoint::new(&origin, app.config.network.store_address_style).map_err(|_| bad_host())
}

fn host(headers: &HeaderMap) -> Result<Authority, Problem> {
    let text = headers.get(HOST).and_then(|host| host.to_str().ok()).ok_or_else(bad_host)?;
    let authority: Authority = text.parse().map_err(|_| bad_host())?;
    let has_port = authority.as_str().len() > authority.host().len();
    let bad_port = has_port && authority.port_u16().is_none();
    if authority.as_str().contains('@') || authority.host().is_empty() || bad_port {
        return Err(bad_host());
    }
    Ok(authority)
}

fn bad_host() -> Problem {
    Problem::new(http::StatusCode::BAD_REQUEST, "invalid_header", "the Host header names no host")
}
