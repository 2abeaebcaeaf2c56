//! The canonical request: what a signature is made over.
//!
//! Source: AWS, "Create a signed AWS API request", and its rules for S3.

use std::{borrow::Cow, ops::Range};

use crate::{Endpoint, encode::PLAIN_IN_HEADER, endpoint::Address, sha256::Sha256};

/// A header to sign: its name in lower case, and its value as it was given.
pub(crate) type Header<'a> = (Cow<'a, str>, &'a str);

/// What a presigned request is about, apart from who signs it and when.
pub(crate) struct Target<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) method: &'a str,
    pub(crate) bucket: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Sorted by name. `host` is among them; its value is the endpoint's.
    pub(crate) headers: &'a [Header<'a>],
    /// What stands for the payload's hash unless `x-amz-content-sha256` is among the headers.
    pub(crate) payload: &'a str,
}

/// Where the parts of a canonical request stand in the URL.
pub(crate) struct UrlParts {
    pub(crate) address: Address,
    /// The part of `X-Amz-Date` after the `T`.
    pub(crate) time: Range<usize>,
    /// The caller's query with a `&` after it, or nothing.
    pub(crate) query: Range<usize>,
    /// `X-Amz-Algorithm` to `X-Amz-Expires`.
    pub(crate) auth: Range<usize>,
    /// `&X-Amz-SignedHeaders=…`.
    pub(crate) signed_headers: Range<usize>,
    /// `&X-Amz-Security-Token=…`, or nothing.
    pub(crate) token: Range<usize>,
}

/// Long enough for nearly every request: 896 bytes.
type RequestHash = Sha256<14>;

/// The hash of the canonical request, which is put together out of the URL's own parts.
pub(crate) fn hash_canonical_request(target: &Target<'_>, url: &str, parts: &UrlParts) -> [u8; 32] {
    let part = |range: &Range<usize>| url.get(range.clone()).unwrap_or_default();
    let mut hash = RequestHash::new();
    hash.push(target.method);
    hash.push("\n");
    hash.push(part(&parts.address.path));
    hash.push("\n");
    if parts.query.is_empty() && parts.token.is_empty() {
        hash.push(part(&(parts.auth.start..parts.signed_headers.end)));
    } else if parts.query.is_empty() {
        // `X-Amz-Se…` sorts before `X-Amz-Si…`; everything else stands in order already.
        hash.push(part(&parts.auth));
        hash.push(part(&parts.token));
        hash.push(part(&parts.signed_headers));
    } else {
        let all = part(&(parts.query.start..parts.token.end));
        // The caller's, and at most six of the signature's.
        let mut pairs = Vec::with_capacity(target.query.len() + 6);
        pairs.extend(all.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))));
        pairs.sort_unstable();
        for (at, (name, value)) in pairs.into_iter().enumerate() {
            hash.push(if at == 0 { "" } else { "&" });
            hash.push(name);
            hash.push("=");
            hash.push(value);
        }
    }
    push_headers(&mut hash, target, parts.address.is_subdomain);
    hash.finish()
}

/// Everything after the canonical query: headers, their names, and what stands for the payload.
fn push_headers(hash: &mut RequestHash, target: &Target<'_>, is_subdomain: bool) {
    let mut payload = target.payload;
    let mut before = "";
    for (name, value) in target.headers {
        if name == before {
            hash.push(",");
        } else {
            hash.push("\n");
            hash.push(name.as_ref());
            hash.push(":");
        }
        match name.as_ref() {
            "host" => push_host(hash, target, is_subdomain),
            "x-amz-content-sha256" => payload = value,
            _ => {}
        }
        push_trimmed(hash, value);
        before = name;
    }
    hash.push("\n\n");
    push_signed_header_names(target.headers, |separator, name| {
        if separator {
            hash.push(";");
        }
        hash.push(name);
    });
    hash.push("\n");
    hash.push(payload);
}

fn push_host(hash: &mut RequestHash, target: &Target<'_>, is_subdomain: bool) {
    if is_subdomain {
        hash.push(target.bucket);
        hash.push(".");
    }
    hash.push(target.endpoint.host_header());
}

/// A header's value without white space around it and with single spaces within.
fn push_trimmed(hash: &mut RequestHash, value: &str) {
    if PLAIN_IN_HEADER.all(value) {
        hash.push(value);
        return;
    }
    for (at, word) in value.split_ascii_whitespace().enumerate() {
        hash.push(if at == 0 { "" } else { " " });
        hash.push(word);
    }
}

/// Visits the names of the sorted headers, each once; tells whether a separator goes before.
pub(crate) fn push_signed_header_names(headers: &[Header<'_>], mut push: impl FnMut(bool, &str)) {
    let mut before = None;
    for (name, _) in headers {
        if before != Some(name) {
            push(before.is_some(), name);
        }
        before = Some(name);
    }
}
