//! The canonical request: what a signature is made over.
//!
//! Source: AWS, "Create a signed AWS API request", and its rules for S3.

use std::ops::Range;

use hmac::digest::Update;
use sha2::{Digest as _, Sha256};

use crate::{Endpoint, encode::all, endpoint::Address};

/// What a presigned request is about, apart from who signs it and when.
pub(crate) struct Target<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) method: &'a str,
    pub(crate) bucket: &'a str,
    pub(crate) key: Option<&'a str>,
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Names in lower case, sorted.
    pub(crate) headers: &'a [(String, String)],
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

/// Collects short texts and hashes them many at a time: a hash is slow to take small pieces.
pub(crate) struct Feed<H, const BUFFER_LEN: usize> {
    hash: H,
    buffer: [u8; BUFFER_LEN],
    len: usize,
}

/// Long enough for nearly every canonical request.
type RequestFeed = Feed<Sha256, 768>;

impl<H: Update, const BUFFER_LEN: usize> Feed<H, BUFFER_LEN> {
    pub(crate) fn new(hash: H) -> Self {
        Self { hash, buffer: [0; BUFFER_LEN], len: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, text: impl AsRef<[u8]>) {
        let bytes = text.as_ref();
        if let Some(slot) = self.buffer.get_mut(self.len..).and_then(|free| free.get_mut(..bytes.len())) {
            slot.copy_from_slice(bytes);
            self.len += bytes.len();
        } else {
            self.flush();
            self.hash.update(bytes);
        }
    }

    fn flush(&mut self) {
        self.hash.update(self.buffer.get(..self.len).unwrap_or_default());
        self.len = 0;
    }

    /// The hash that has taken everything.
    pub(crate) fn into_inner(mut self) -> H {
        self.flush();
        self.hash
    }
}

/// The hash of the canonical request, which is put together out of the URL's own parts.
pub(crate) fn hash_canonical_request(target: &Target<'_>, url: &str, parts: &UrlParts) -> [u8; 32] {
    let part = |range: &Range<usize>| url.get(range.clone()).unwrap_or_default();
    let mut feed = RequestFeed::new(Sha256::new());
    feed.push(target.method);
    feed.push("\n");
    feed.push(part(&parts.address.path));
    feed.push("\n");
    if parts.query.is_empty() && parts.token.is_empty() {
        feed.push(part(&(parts.auth.start..parts.signed_headers.end)));
    } else if parts.query.is_empty() {
        // `X-Amz-Se…` sorts before `X-Amz-Si…`; everything else stands in order already.
        feed.push(part(&parts.auth));
        feed.push(part(&parts.token));
        feed.push(part(&parts.signed_headers));
    } else {
        let all = part(&(parts.query.start..parts.token.end));
        let mut pairs: Vec<_> =
            all.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        pairs.sort_unstable();
        for (at, (name, value)) in pairs.into_iter().enumerate() {
            feed.push(if at == 0 { "" } else { "&" });
            feed.push(name);
            feed.push("=");
            feed.push(value);
        }
    }
    push_headers(&mut feed, target, parts.address.is_subdomain);
    feed.into_inner().finalize().into()
}

/// Everything after the canonical query: headers, their names, and what stands for the payload.
fn push_headers(feed: &mut RequestFeed, target: &Target<'_>, is_subdomain: bool) {
    let mut payload = target.payload;
    let mut headers = target.headers.iter();
    let host_at = target.headers.partition_point(|(name, _)| name.as_str() < "host");
    let mut before = "";
    for at in 0..=target.headers.len() {
        if at == host_at {
            push_host(feed, target, is_subdomain);
            before = "host";
            continue;
        }
        let Some((name, value)) = headers.next() else { break };
        if before == name {
            feed.push(",");
        } else {
            feed.push("\n");
            feed.push(name);
            feed.push(":");
        }
        push_trimmed(feed, value);
        if name == "x-amz-content-sha256" {
            payload = value;
        }
        before = name;
    }
    feed.push("\n\n");
    push_signed_header_names(target.headers, |separator, name| {
        feed.push(if separator { ";" } else { "" });
        feed.push(name);
    });
    feed.push("\n");
    feed.push(payload);
}

fn push_host(feed: &mut RequestFeed, target: &Target<'_>, is_subdomain: bool) {
    feed.push("\nhost:");
    if is_subdomain {
        feed.push(target.bucket);
        feed.push(".");
    }
    feed.push(target.endpoint.host_header());
}

/// A header's value without white space around it and with single spaces within.
fn push_trimmed(feed: &mut RequestFeed, value: &str) {
    if all(value, |byte| byte > b' ') {
        feed.push(value);
        return;
    }
    for (at, word) in value.split_ascii_whitespace().enumerate() {
        feed.push(if at == 0 { "" } else { " " });
        feed.push(word);
    }
}

/// Visits `host` and the names of the sorted headers, each once, in order; tells whether a separator goes before.
pub(crate) fn push_signed_header_names(headers: &[(String, String)], mut push: impl FnMut(bool, &str)) {
    let mut before = None;
    let host_at = headers.partition_point(|(name, _)| name.as_str() < "host");
    let (left, right) = headers.split_at_checked(host_at).unwrap_or((headers, &[]));
    let names = left.iter().map(|(name, _)| name.as_str());
    for name in names.chain(["host"]).chain(right.iter().map(|(name, _)| name.as_str())) {
        if before != Some(name) {
            push(before.is_some(), name);
        }
        before = Some(name);
    }
}
