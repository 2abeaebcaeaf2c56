//! Where a store is reached and how its addresses name the bucket.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    ops::Range,
};

use thiserror::Error;

use crate::encode::{push_path, push_query_component};

/// Where the bucket stands in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressStyle {
    /// `https://host/bucket/key`.
    Path,
    /// `https://bucket.host/key`. A bucket whose name cannot stand in a host name (capitals, underscores, or dots
    /// under https, where no wildcard certificate would match) is still addressed by path, as AWS's own clients do.
    VirtualHost,
}

/// The origin of an S3-compatible store: scheme, host and port, with the [`AddressStyle`] to use on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    https: bool,
    /// Host with its port as it was given, as it stands in a URL.
    authority: String,
    /// Host with its port only when that is not the scheme's own: what a client sends as `Host`.
    host_header: String,
    style: AddressStyle,
}

/// How an address came to be written.
pub(crate) struct Address {
    /// Whether the bucket stands in the host.
    pub(crate) is_subdomain: bool,
    /// Where the path stands in the text.
    pub(crate) path: Range<usize>,
}

/// Why a text is not the address of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Neither `http://` nor `https://`.
    #[error("endpoint: must start with http:// or https://")]
    Scheme,
    /// A user name or password before the host.
    #[error("endpoint: must not hold a user name or password")]
    UserInfo,
    /// Anything after the host and port but one `/`.
    #[error("endpoint: must be an origin only, without path, query or fragment")]
    NotAnOrigin,
    /// Not a DNS name, an IPv4 address or an IPv6 address in brackets.
    #[error("endpoint: the host is not a DNS name or IP address")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("endpoint: the port is not a number from 1 to 65535")]
    Port,
    /// A bucket cannot be a subdomain of an IP address.
    #[error("endpoint: an IP address has no subdomains, so it needs path-style addresses")]
    VirtualHostOnIpAddress,
}

impl Endpoint {
    /// Reads an origin such as `http://127.0.0.1:9000`, `https://[::1]:8443` or `https://s3.eu-west-1.amazonaws.com`.
    /// Letters are lowered, as every browser does before it sends `Host`.
    pub fn new(origin: &str, style: AddressStyle) -> Result<Self, EndpointError> {
        let (scheme, rest) = origin.split_once("://").ok_or(EndpointError::Scheme)?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(EndpointError::Scheme),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '\\']) {
            return Err(EndpointError::NotAnOrigin);
        }
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        let authority = authority.to_ascii_lowercase();
        let (host, port) = split_port(&authority)?;
        let is_ip_address = check_host(host)?;
        if is_ip_address && style == AddressStyle::VirtualHost {
            return Err(EndpointError::VirtualHostOnIpAddress);
        }
        let default_port = if https { 443 } else { 80 };
        let host_header = match port {
            Some(port) if port != default_port => format!("{host}:{port}"),
            _ => host.to_owned(),
        };
        Ok(Self { https, authority, host_header, style })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// How this endpoint names buckets.
    pub fn address_style(&self) -> AddressStyle {
        self.style
    }

    /// What a client sends as `Host` for a request on `bucket`.
    pub fn host(&self, bucket: &str) -> String {
        let mut out = String::with_capacity(bucket.len() + 1 + self.host_header.len());
        if self.is_subdomain(bucket) {
            out.push_str(bucket);
            out.push('.');
        }
        out.push_str(&self.host_header);
        out
    }

    /// Whether `bucket` becomes a subdomain of this endpoint.
    fn is_subdomain(&self, bucket: &str) -> bool {
        self.style == AddressStyle::VirtualHost && is_host_label(bucket, !self.https)
    }

    pub(crate) fn host_header(&self) -> &str {
        &self.host_header
    }

    /// How many bytes an address has before its object key, at most: for sizing buffers.
    pub(crate) fn address_len_max(&self, bucket: &str) -> usize {
        "https://".len() + self.authority.len() + 3 * bucket.len() + 2
    }

    /// Appends scheme and authority, then the encoded path of an object, of a bucket (`key` is `None`), or of the
    /// service (`bucket` is empty).
    pub(crate) fn push_address(&self, out: &mut String, bucket: &str, key: Option<&str>) -> Address {
        out.push_str(if self.https { "https://" } else { "http://" });
        let is_subdomain = self.is_subdomain(bucket);
        if is_subdomain {
            out.push_str(bucket);
            out.push('.');
        }
        out.push_str(&self.authority);
        let path_start = out.len();
        out.push('/');
        if !is_subdomain && !bucket.is_empty() {
            push_query_component(out, bucket);
            if key.is_some() {
                out.push('/');
            }
        }
        push_path(out, key.unwrap_or_default());
        Address { is_subdomain, path: path_start..out.len() }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let colon = match authority.rfind(']') {
        Some(bracket) => authority.get(bracket..).and_then(|tail| tail.find(':')).map(|at| bracket + at),
        None if authority.starts_with('[') => return Err(EndpointError::Host),
        None => authority.find(':'),
    };
    let Some((host, port)) = colon.and_then(|at| authority.split_at_checked(at)) else {
        return Ok((authority, None));
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    // `u16::from_str` would accept a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointError::Port);
    }
    match digits.parse() {
        Ok(port) if port > 0 => Ok((host, Some(port))),
        _ => Err(EndpointError::Port),
    }
}

/// Checks a host and tells whether it is an IP address.
fn check_host(host: &str) -> Result<bool, EndpointError> {
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']').ok_or(EndpointError::Host)?;
        return address.parse::<Ipv6Addr>().map(|_| true).map_err(|_| EndpointError::Host);
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return Ok(true);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // A last label of digits only would be read as an IPv4 address by browsers.
    let last_is_number =
        host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if host.len() > 253 || last_is_number || !host.split('.').all(is_label) {
        return Err(EndpointError::Host);
    }
    Ok(false)
}

/// Whether a bucket's name can be the start of a host name: 3 to 63 small letters, digits and hyphens, and dots
/// between them if `dots` may be used, but no IPv4 address.
fn is_host_label(bucket: &str, dots: bool) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &[u8]| {
        label.first().is_some_and(alphanumeric)
            && label.last().is_some_and(alphanumeric)
            && label.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
    };
    if !(3..=63).contains(&bucket.len()) {
        return false;
    }
    if dots && bucket.bytes().any(|byte| byte == b'.') {
        return bucket.as_bytes().split(|byte| *byte == b'.').all(is_label)
            && bucket.parse::<Ipv4Addr>().is_err();
    }
    is_label(bucket.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(origin: &str, style: AddressStyle) -> Endpoint {
        Endpoint::new(origin, style).unwrap()
    }

    fn address(origin: &str, style: AddressStyle, bucket: &str, key: Option<&str>) -> String {
        let endpoint = endpoint(origin, style);
        let mut out = String::new();
        endpoint.push_address(&mut out, bucket, key);
        assert!(out.len() <= endpoint.address_len_max(bucket) + 3 * key.map_or(0, str::len));
        out
    }

    #[test]
    fn path_style_puts_the_bucket_in_the_path() {
        let at = |key| address("http://127.0.0.1:9000", AddressStyle::Path, "photos", key);
        assert_eq!(at(Some("a b/c")), "http://127.0.0.1:9000/photos/a%20b/c");
        assert_eq!(at(Some("/a")), "http://127.0.0.1:9000/photos//a");
        assert_eq!(at(None), "http://127.0.0.1:9000/photos");
        assert_eq!(address("http://[::1]:9", AddressStyle::Path, "", None), "http://[::1]:9/");
    }

    #[test]
    fn virtual_host_style_puts_the_bucket_in_the_host() {
        let at = |origin, bucket| address(origin, AddressStyle::VirtualHost, bucket, Some("k"));
        assert_eq!(at("https://s3.amazonaws.com/", "photos"), "https://photos.s3.amazonaws.com/k");
        assert_eq!(at("http://store.test:9000", "pho.tos"), "http://pho.tos.store.test:9000/k");
        assert_eq!(at("https://store.test", "pho.tos"), "https://store.test/pho.tos/k");
        assert_eq!(at("https://store.test", "Photos_1"), "https://store.test/Photos_1/k");
        assert_eq!(at("http://store.test", "10.0.0.1"), "http://store.test/10.0.0.1/k");
    }

    #[test]
    fn the_host_header_has_a_port_only_when_it_is_not_the_schemes_own() {
        let host = |origin| endpoint(origin, AddressStyle::Path).host("b");
        assert_eq!(host("http://Store.Test:80"), "store.test");
        assert_eq!(host("https://store.test:443"), "store.test");
        assert_eq!(host("https://store.test:80"), "store.test:80");
        assert_eq!(host("http://[2001:DB8::1]"), "[2001:db8::1]");
        assert_eq!(
            endpoint("http://store.test:9000", AddressStyle::VirtualHost).host("bkt"),
            "bkt.store.test:9000"
        );
    }

    #[test]
    fn anything_but_an_origin_is_refused_by_the_part_that_is_wrong() {
        let refusal = |origin| Endpoint::new(origin, AddressStyle::Path).unwrap_err();
        for origin in ["", "store.test", "ftp://store.test", "://store.test"] {
            assert_eq!(refusal(origin), EndpointError::Scheme, "{origin}");
        }
        for origin in ["http://h/base", "http://h//", "http://h?x", "http://h#x", "http://h\\x"] {
            assert_eq!(refusal(origin), EndpointError::NotAnOrigin, "{origin}");
        }
        for origin in [
            "http://",
            "http://a..b",
            "http://a b",
            "http://é",
            "http://[::1",
            "http://[::g]",
            "http://1.2.3",
        ] {
            assert_eq!(refusal(origin), EndpointError::Host, "{origin}");
        }
        for origin in ["http://h:", "http://h:0", "http://h:65536", "http://h:+1", "http://h:a", "http://::1"]
        {
            assert_eq!(refusal(origin), EndpointError::Port, "{origin}");
        }
        assert_eq!(refusal("http://u:p@h"), EndpointError::UserInfo);
        let virtual_ip = Endpoint::new("http://127.0.0.1:9000", AddressStyle::VirtualHost);
        assert_eq!(virtual_ip, Err(EndpointError::VirtualHostOnIpAddress));
    }
}
