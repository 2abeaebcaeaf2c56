//! Cross-origin requests (<https://fetch.spec.whatwg.org/#http-cors-protocol>). A page of an allowed origin may read
//! the answers, errors too. No cookies are involved, so none are allowed.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use s3s::{HttpResponse, S3ErrorCode};

use super::{error_response, host_of};
use crate::config::CorsConfig;
use crate::error::refuse;

const METHODS: &str = "GET, HEAD, PUT, POST";
const EXPOSED: &str = "ETag, x-amz-request-id, x-amz-checksum-crc32, x-amz-checksum-crc32c, \
                       x-amz-checksum-crc64nvme, x-amz-checksum-sha1, x-amz-checksum-sha256";
const MAX_AGE_SECONDS: &str = "600";

/// The `Origin` of a request, when it is one that may read the answer.
pub(super) struct Origin {
    allowed: Option<HeaderValue>,
}

/// Whether a browser asks for permission before it sends a request. It cannot sign that question.
pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl Origin {
    pub(super) fn of(config: &CorsConfig, parts: &Parts) -> Self {
        let origin = parts.headers.get(ORIGIN);
        let allowed = origin
            .filter(|origin| origin.to_str().is_ok_and(|origin| is_allowed(config, origin, host_of(parts))));
        Self { allowed: allowed.cloned() }
    }

    pub(super) fn preflight(&self, parts: &Parts, request_id: &str) -> HttpResponse {
        let method = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD).and_then(|method| method.to_str().ok());
        let is_method_allowed =
            method.is_some_and(|method| METHODS.split(", ").any(|allowed| allowed == method));
        if self.allowed.is_none() || !is_method_allowed {
            let error = refuse(S3ErrorCode::AccessDenied, "This CORS request is not allowed.");
            return error_response(error, request_id);
        }
        let mut response = Response::new(s3s::Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
        if let Some(asked) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        response
    }

    /// Adds to any answer what tells the browser that this page may read it.
    pub(super) fn decorate(&self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = &self.allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
}

fn is_allowed(config: &CorsConfig, origin: &str, host: Option<&str>) -> bool {
    if config.allowed_origins.allows(origin) {
        return true;
    }
    let (Some(port), Some(host)) = (config.same_host_port, host) else { return false };
    let (scheme_port, authority) = match origin.split_once("://") {
        Some(("http", authority)) => (80, authority),
        Some(("https", authority)) => (443, authority),
        _ => return false,
    };
    let (name, origin_port) = split_port(authority);
    let (host_name, _) = split_port(host);
    !name.is_empty() && name.eq_ignore_ascii_case(host_name) && origin_port.unwrap_or(scheme_port) == port
}

/// Splits `name:port`, where the name may be an IPv6 address in brackets.
fn split_port(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port.parse().ok()),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OriginList;

    #[test]
    fn an_origin_is_allowed_when_listed_or_on_the_same_host_and_the_given_port() {
        let config = CorsConfig {
            allowed_origins: OriginList::new(vec!["https://app.example.com".to_owned()]),
            same_host_port: Some(8080),
        };
        let allowed = |origin, host| is_allowed(&config, origin, Some(host));
        assert!(allowed("https://app.example.com", "anything:9000"));
        assert!(allowed("http://192.168.1.5:8080", "192.168.1.5:9000"));
        assert!(allowed("http://[::1]:8080", "[::1]:9000"));
        assert!(allowed("http://Shop.local:8080", "shop.LOCAL:9000"));
        for origin in [
            "http://192.168.1.6:8080",
            "http://192.168.1.5:8081",
            "http://192.168.1.5",
            "null",
            "",
            "192.168.1.5:8080",
        ] {
            assert!(!allowed(origin, "192.168.1.5:9000"), "{origin}");
        }
        assert!(!allowed("https://app.example.com.evil.test", "x:9000"));
        assert!(!is_allowed(&CorsConfig::default(), "http://a:8080", Some("a:9000")));
    }

    #[test]
    fn the_port_of_the_scheme_counts_when_none_is_written() {
        let config = CorsConfig { same_host_port: Some(443), ..CorsConfig::default() };
        assert!(is_allowed(&config, "https://shop.example", Some("shop.example:9000")));
        assert!(!is_allowed(&config, "http://shop.example", Some("shop.example:9000")));
    }
}
