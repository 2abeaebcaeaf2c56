//! Presigned URLs: Signature Version 4 in the query string.
//!
//! Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)". The addresses are, byte
//! for byte, those that botocore makes.

use std::{
    borrow::Cow,
    fmt,
    sync::{PoisonError, RwLock},
};

use crate::{
    Credentials, Endpoint, Timestamp,
    canonical::{Header, Target, UrlParts, hash_canonical_request, push_signed_header_names},
    encode::{push_hex, push_number, push_query_component},
    signing_key::{DayKey, SERVICE},
};

#[cfg(test)]
mod vectors;

/// The longest life of a presigned URL or form: seven days, in seconds. Longer ones are cut to it.
pub const EXPIRES_SECONDS_MAX: u32 = 604_800;

/// Signs with one access key for one region.
///
/// The signing key of a day is derived once and kept. Two days are kept at a time, so that signing times on both
/// sides of midnight do not push one another out. `Send` and `Sync`: share it by `Arc`.
pub struct Signer {
    credentials: Credentials,
    region: String,
    service: &'static str,
    /// `&X-Amz-Security-Token=…`, or nothing.
    token_query: String,
    /// Even days and odd days.
    days: [RwLock<Option<DayKey>>; 2],
}

/// A presigned PUT: every header in `headers` is signed and must be sent as it stands, beside `Host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresignedPut {
    /// The address to send the bytes to.
    pub url: String,
    /// Names in lower case, sorted; values as they were given.
    pub headers: Vec<(String, String)>,
}

/// What stands for the payload's hash where the signer does not know the payload.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

impl Signer {
    /// A signer for S3 in `region`, such as `us-east-1`.
    pub fn new(credentials: Credentials, region: &str) -> Self {
        Self::for_service(credentials, region, SERVICE)
    }

    /// AWS's general test vectors are signed for a service of another name.
    pub(crate) fn for_service(credentials: Credentials, region: &str, service: &'static str) -> Self {
        let mut token_query = String::new();
        if let Some(token) = credentials.session_token() {
            token_query.push_str("&X-Amz-Security-Token=");
            push_query_component(&mut token_query, token);
        }
        Self {
            credentials,
            region: region.to_owned(),
            service,
            token_query,
            days: [RwLock::new(None), RwLock::new(None)],
        }
    }

    /// The credentials that sign.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The region that the signatures are for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A URL that reads an object. `query` holds overrides such as `response-content-type`.
    ///
    /// The key is percent-encoded once and never normalised; browsers, though, resolve `.` and `..` segments before
    /// they send a request, so keys with such segments cannot be fetched by them. `expires_seconds` is brought into
    /// `1..=`[`EXPIRES_SECONDS_MAX`].
    pub fn presign_get(
        &self,
        endpoint: &Endpoint,
        bucket: &str,
        key: &str,
        query: &[(&str, &str)],
        now: Timestamp,
        expires_seconds: u32,
    ) -> String {
        let target = Target {
            endpoint,
            method: "GET",
            bucket,
            key: Some(key),
            query,
            headers: &[(Cow::Borrowed("host"), "")],
            payload: UNSIGNED_PAYLOAD,
        };
        self.presign(&target, now, expires_seconds)
    }

    /// A URL that writes an object, bound to `headers` (`content-length`, `content-type`, `if-none-match`,
    /// `x-amz-checksum-sha256`, …): a request with others, or without one of them, is refused by the store.
    /// A `host` among them is ignored, since the endpoint says it.
    pub fn presign_put(
        &self,
        endpoint: &Endpoint,
        bucket: &str,
        key: &str,
        headers: &[(&str, &str)],
        now: Timestamp,
        expires_seconds: u32,
    ) -> PresignedPut {
        let headers = sorted_headers(headers);
        let target = Target {
            endpoint,
            method: "PUT",
            bucket,
            key: Some(key),
            query: &[],
            headers: &headers,
            payload: UNSIGNED_PAYLOAD,
        };
        let url = self.presign(&target, now, expires_seconds);
        let mut to_send = Vec::with_capacity(headers.len());
        let without_host = headers.into_iter().filter(|(name, _)| name != "host");
        to_send.extend(without_host.map(|(name, value)| (name.into_owned(), value.to_owned())));
        PresignedPut { url, headers: to_send }
    }

    /// Any other request: list, head, delete, copy, the steps of a multipart upload.
    ///
    /// Without a key the bucket itself is meant, with an empty bucket the service. A query name without a value
    /// (`uploads`) is given with an empty one. If `x-amz-content-sha256` is among the headers, its value is the
    /// payload's hash, otherwise the payload is unsigned.
    #[expect(clippy::too_many_arguments, reason = "a request has that many parts, all different")]
    pub fn presign_request(
        &self,
        endpoint: &Endpoint,
        method: &str,
        bucket: &str,
        key: Option<&str>,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        now: Timestamp,
        expires_seconds: u32,
    ) -> String {
        let headers = sorted_headers(headers);
        let target =
            Target { endpoint, method, bucket, key, query, headers: &headers, payload: UNSIGNED_PAYLOAD };
        self.presign(&target, now, expires_seconds)
    }

    /// Runs `use_key` with the key of `now`'s day, which is derived first if it is not at hand.
    pub(crate) fn with_day_key<T>(&self, now: Timestamp, use_key: impl FnOnce(&DayKey) -> T) -> T {
        let [even, odd] = &self.days;
        let slot = if now.day_number() % 2 == 0 { even } else { odd };
        // A key is stored whole or not at all, so a poisoned lock still guards a good one.
        let kept = slot.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(day_key) = kept.as_ref().filter(|day_key| day_key.is_of(now)) {
            return use_key(day_key);
        }
        drop(kept);
        let derived = DayKey::new(&self.credentials, &self.region, self.service, now);
        let result = use_key(&derived);
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(derived);
        result
    }

    fn presign(&self, target: &Target<'_>, now: Timestamp, expires_seconds: u32) -> String {
        let expires_seconds = expires_seconds.clamp(1, EXPIRES_SECONDS_MAX);
        self.with_day_key(now, |day_key| {
            let mut url = String::with_capacity(self.url_len_max(target, day_key));
            let parts = self.push_unsigned_url(&mut url, target, day_key, now, expires_seconds);
            let time = url.get(parts.time.clone()).unwrap_or_default();
            let signature = day_key.sign_request(time, &hash_canonical_request(target, &url, &parts));
            url.push_str("&X-Amz-Signature=");
            push_hex(&mut url, &signature);
            url
        })
    }

    fn url_len_max(&self, target: &Target<'_>, day_key: &DayKey) -> usize {
        /// `?`, the names and values of fixed length that the parts below leave out, and the signature.
        const FIXED_LEN: usize = 192;
        let query: usize = target.query.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
        let signed_headers: usize = target.headers.iter().map(|(name, _)| name.len() + 3).sum();
        target.endpoint.address_len_max(target.bucket)
            + 3 * target.key.map_or(0, str::len)
            + query
            + day_key.query_start().len()
            + signed_headers
            + self.token_query.len()
            + FIXED_LEN
    }

    /// Writes the URL in botocore's order: the caller's query first, the session token after the signed headers.
    fn push_unsigned_url(
        &self,
        url: &mut String,
        target: &Target<'_>,
        day_key: &DayKey,
        now: Timestamp,
        expires_seconds: u32,
    ) -> UrlParts {
        let address = target.endpoint.push_address(url, target.bucket, target.key);
        url.push('?');
        let query_start = url.len();
        for (name, value) in target.query {
            push_query_component(url, name);
            url.push('=');
            push_query_component(url, value);
            url.push('&');
        }
        let auth_start = url.len();
        url.push_str(day_key.query_start());
        let time_start = url.len();
        now.push_amz_time(url);
        let time = time_start..url.len();
        url.push_str("&X-Amz-Expires=");
        push_number(url, u64::from(expires_seconds));
        let signed_headers_start = url.len();
        url.push_str("&X-Amz-SignedHeaders=");
        push_signed_header_names(target.headers, |separator, name| {
            if separator {
                url.push_str("%3B");
            }
            push_query_component(url, name);
        });
        let token_start = url.len();
        url.push_str(&self.token_query);
        UrlParts {
            address,
            time,
            query: query_start..auth_start,
            auth: auth_start..signed_headers_start,
            signed_headers: signed_headers_start..token_start,
            token: token_start..url.len(),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("credentials", &self.credentials)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Lowers and sorts the headers, with `host` among them: its value is the endpoint's, whatever the caller says.
pub(crate) fn sorted_headers<'a>(headers: &[(&'a str, &'a str)]) -> Vec<Header<'a>> {
    let mut sorted = Vec::with_capacity(headers.len() + 1);
    sorted.push((Cow::Borrowed("host"), ""));
    sorted.extend(headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")).map(
        |(name, value)| {
            let has_capitals = name.bytes().any(|byte| byte.is_ascii_uppercase());
            let name =
                if has_capitals { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(*name) };
            (name, *value)
        },
    ));
    // Stable, so that a header given twice keeps the order of its values.
    sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
    sorted
}
