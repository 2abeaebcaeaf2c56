//! Checks that Amazon S3 makes of every request and `s3s` 0.14 does not: that there is a signature at all before
//! anything is said, of version 4, for this region and this service, over every `x-amz-` header and the host, valid
//! for at most a week, with the session token of its credentials; and that nothing is asked for which this store
//! would silently leave undone.

use http::header::{AUTHORIZATION, CONTENT_TYPE, RANGE};
use http::request::Parts;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use s3s::{S3ErrorCode, S3Result};
use subtle::ConstantTimeEq as _;

use super::{Shared, host_of};
use crate::error::refuse;

/// The longest life of a presigned URL, in seconds.
const EXPIRES_SECONDS_MAX: u32 = 7 * 24 * 3600;

/// Which way a request goes.
pub(super) enum Screened {
    /// A browser's form, whose signature is among its fields.
    Post { bucket: String, boundary: String },
    /// A signature in the headers or in the URL, which `s3s` verifies.
    Signed,
}

/// Refuses a request, or says which way it goes.
pub(super) fn screen(engine: &Shared, parts: &Parts) -> S3Result<Screened> {
    if let Some(content_type) = form_type(parts)? {
        let bucket = post_bucket(engine, parts)?;
        let boundary = boundary(content_type).ok_or_else(|| {
            refuse(S3ErrorCode::MalformedPOSTRequest, "The Content-Type of a form must name its boundary.")
        })?;
        return Ok(Screened::Post { bucket, boundary });
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let signature = Signature::of(parts, &query)?;
    signature.check_scope(&engine.config.region)?;
    signature.check_signed_headers(&parts.headers)?;
    check_session_token(engine, &signature, parts, &query)?;
    check_supported(&parts.headers)?;
    Ok(Screened::Signed)
}

/// Whether a list of signed headers, up to its end, names `range`.
fn names_range(list: &str) -> bool {
    let list = list.split(['&', ',', ' ']).next().unwrap_or_default();
    list.replace("%3B", ";").split(';').any(|name| name.eq_ignore_ascii_case("range"))
}

/// A range that is no single range of bytes is to be ignored (RFC 9110, section 14.2), unless it is signed: then it
/// belongs to what is verified, and `s3s` refuses it by name.
pub(super) fn drop_useless_range(parts: &mut Parts) {
    let signed = |text: &str| text.split("SignedHeaders=").nth(1).is_some_and(names_range);
    let in_header = parts.headers.get(AUTHORIZATION).is_some_and(|value| value.to_str().is_ok_and(signed));
    if in_header || parts.uri.query().is_some_and(signed) {
        return;
    }
    let is_single =
        |range: &http::HeaderValue| range.to_str().is_ok_and(|text| s3s::dto::Range::parse(text).is_ok());
    if parts.headers.get(RANGE).is_some_and(|range| !is_single(range)) {
        parts.headers.remove(RANGE);
    }
}

/// The `Content-Type` of a form. `s3s` takes more for a form than this store does (`multipart/form-data+x`, since it
/// compares the type without its suffix), would read it whole into memory before anything is checked and judge it by
/// rules of its own: whatever could look like a form to it is refused.
fn form_type(parts: &Parts) -> S3Result<Option<&str>> {
    if parts.method != Method::POST {
        return Ok(None);
    }
    let mut types = parts.headers.get_all(CONTENT_TYPE).iter();
    let Some(first) = types.next() else { return Ok(None) };
    if types.next().is_some() {
        return Err(refuse(S3ErrorCode::InvalidArgument, "The Content-Type is given more than once."));
    }
    let kind = first.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if kind.eq_ignore_ascii_case(b"multipart/form-data") {
        let malformed =
            |_| refuse(S3ErrorCode::MalformedPOSTRequest, "The Content-Type of a form must be ASCII.");
        return first.to_str().map(Some).map_err(malformed);
    }
    let is_multipart = kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    if is_multipart { Err(not_a_form()) } else { Ok(None) }
}

fn not_a_form() -> s3s::S3Error {
    let mut error = refuse(
        S3ErrorCode::Custom("UnsupportedMediaType".into()),
        "Of the multipart types a POST may only have multipart/form-data.",
    );
    error.set_status_code(http::StatusCode::UNSUPPORTED_MEDIA_TYPE);
    error
}

fn boundary(content_type: &str) -> Option<String> {
    let value = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim())
    })?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

fn post_bucket(engine: &Shared, parts: &Parts) -> S3Result<String> {
    let path = percent_decode_str(parts.uri.path()).decode_utf8();
    let path = path.map_err(|_| refuse(S3ErrorCode::InvalidURI, "Couldn't parse the specified URI."))?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let bucket = match host_of(parts).and_then(|host| engine.bucket_of_host(host)) {
        Some(bucket) if path.is_empty() => bucket,
        Some(_) => "",
        None => path.strip_suffix('/').unwrap_or(path),
    };
    if bucket.is_empty() || bucket.contains('/') {
        return Err(refuse(S3ErrorCode::MethodNotAllowed, "A form is posted to the address of a bucket."));
    }
    Ok(bucket.to_owned())
}

/// The decoded parameters of a query.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn get(&self, name: &str) -> S3Result<Option<&str>> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            let message = format!("The query parameter {name} is given more than once.");
            return Err(refuse(S3ErrorCode::AuthorizationQueryParametersError, message));
        }
        Ok(first)
    }
}

/// What a request says about its signature.
struct Signature {
    is_presigned: bool,
    access_key_id: String,
    region: String,
    service: String,
    /// Lower-case names.
    signed_headers: Vec<String>,
}

impl Signature {
    fn of(parts: &Parts, query: &Query) -> S3Result<Self> {
        if query.has("Signature") || query.has("AWSAccessKeyId") {
            return Err(only_v4());
        }
        match (parts.headers.get(AUTHORIZATION), query.has("X-Amz-Signature")) {
            (None, false) => Err(refuse(S3ErrorCode::AccessDenied, "Access Denied")),
            (Some(_), true) => Err(refuse(
                S3ErrorCode::InvalidArgument,
                "Only one auth mechanism allowed; only the X-Amz-Signature query parameter or the Authorization \
                 header should be specified.",
            )),
            (Some(header), false) => Self::of_header(header.to_str().unwrap_or_default()),
            (None, true) => Self::of_query(query),
        }
    }

    fn of_header(header: &str) -> S3Result<Self> {
        let malformed = || {
            refuse(
                S3ErrorCode::AuthorizationHeaderMalformed,
                "The authorization header you provided is invalid.",
            )
        };
        let rest = header.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(only_v4)?;
        let field = |name: &str| {
            rest.split(',')
                .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(malformed)
        };
        Self::new(false, field("Credential")?, field("SignedHeaders")?).ok_or_else(malformed)
    }

    fn of_query(query: &Query) -> S3Result<Self> {
        let malformed =
            |message: &'static str| refuse(S3ErrorCode::AuthorizationQueryParametersError, message);
        let need = |name| {
            let missing = || {
                malformed(
                    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                     X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
                )
            };
            query.get(name)?.ok_or_else(missing)
        };
        for name in ["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Date"] {
            need(name)?;
        }
        let expires = need("X-Amz-Expires")?.parse::<u32>();
        if !expires.is_ok_and(|seconds| (1..=EXPIRES_SECONDS_MAX).contains(&seconds)) {
            return Err(malformed("X-Amz-Expires must be a number of seconds between 1 and 604800."));
        }
        Self::new(true, need("X-Amz-Credential")?, need("X-Amz-SignedHeaders")?).ok_or_else(|| {
            malformed("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed.")
        })
    }

    fn new(is_presigned: bool, credential: &str, signed_headers: &str) -> Option<Self> {
        let mut parts = credential.trim().rsplitn(5, '/');
        let (end, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (_day, access_key_id) = (parts.next()?, parts.next()?);
        (end == "aws4_request").then(|| Self {
            is_presigned,
            access_key_id: access_key_id.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed_headers.split(';').map(|name| name.trim().to_ascii_lowercase()).collect(),
        })
    }

    fn check_scope(&self, region: &str) -> S3Result<()> {
        let code = if self.is_presigned {
            S3ErrorCode::AuthorizationQueryParametersError
        } else {
            S3ErrorCode::AuthorizationHeaderMalformed
        };
        if self.service != "s3" {
            return Err(refuse(
                code,
                "The credential is mal-formed; incorrect service: this endpoint belongs to \"s3\".",
            ));
        }
        if self.region != region {
            let message = format!("The credential is mal-formed; the region is wrong; expecting '{region}'.");
            return Err(refuse(code, message));
        }
        Ok(())
    }

    /// Whoever was given a signed request must not add to it: `x-amz-copy-source` would turn a grant to upload into
    /// one to read any object.
    fn check_signed_headers(&self, headers: &HeaderMap) -> S3Result<()> {
        let is_signed = |name: &str| self.signed_headers.iter().any(|signed| signed == name);
        if !is_signed("host") {
            return Err(refuse(
                S3ErrorCode::AccessDenied,
                "The host header must be among the signed headers.",
            ));
        }
        let unsigned = headers.keys().map(http::HeaderName::as_str).find(|name| {
            // A presigned URL may come with the hash of a body it did not know; it can only narrow what is accepted.
            let is_body_hash = self.is_presigned && *name == "x-amz-content-sha256";
            name.starts_with("x-amz-") && !is_body_hash && !is_signed(name)
        });
        match unsigned {
            None => Ok(()),
            Some(name) => {
                let message =
                    format!("There were headers present in the request which were not signed: {name}");
                Err(refuse(S3ErrorCode::AccessDenied, message))
            }
        }
    }
}

fn only_v4() -> s3s::S3Error {
    refuse(
        S3ErrorCode::InvalidRequest,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

fn check_session_token(engine: &Shared, signature: &Signature, parts: &Parts, query: &Query) -> S3Result<()> {
    // Whoever is unknown hears so from the check of the signature.
    let Some(known) = engine.credentials(&signature.access_key_id) else { return Ok(()) };
    let given = match query.get("X-Amz-Security-Token")? {
        Some(token) => Some(token),
        None => parts.headers.get("x-amz-security-token").map(|token| token.to_str().unwrap_or_default()),
    };
    let is_right = match (known.session_token(), given) {
        (None, None) => true,
        (Some(known), Some(given)) => bool::from(known.as_bytes().ct_eq(given.as_bytes())),
        _ => false,
    };
    if is_right {
        return Ok(());
    }
    Err(refuse(S3ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid."))
}

/// Refuses what would otherwise be ignored though the client relies on it.
pub(super) fn check_supported(headers: &HeaderMap) -> S3Result<()> {
    for (name, value) in headers {
        if !is_supported(name.as_str(), value.to_str().unwrap_or_default()) {
            let message =
                format!("A header you provided implies functionality that is not implemented: {name}.");
            return Err(refuse(S3ErrorCode::NotImplemented, message));
        }
    }
    Ok(())
}

/// Whether a header or a form field asks for something this store does.
pub(super) fn is_supported(name: &str, value: &str) -> bool {
    const UNSUPPORTED: [&str; 8] = [
        "x-amz-server-side-encryption",
        "x-amz-copy-source-server-side-encryption",
        "x-amz-object-lock",
        "x-amz-bucket-object-lock",
        "x-amz-grant-",
        "x-amz-tagging",
        "x-amz-website-redirect-location",
        "x-amz-write-offset-bytes",
    ];
    match name {
        "x-amz-acl" | "acl" => matches!(value, "private" | "bucket-owner-full-control" | "bucket-owner-read"),
        "x-amz-storage-class" => value == "STANDARD",
        "x-amz-tagging-directive" => value == "COPY",
        "tagging" | "success_action_redirect" | "redirect" => false,
        _ => !UNSUPPORTED.iter().any(|prefix| name.starts_with(prefix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_of_a_form_is_read_with_and_without_quotes() {
        assert_eq!(boundary("multipart/form-data; boundary=abc").as_deref(), Some("abc"));
        assert_eq!(boundary("multipart/form-data; charset=utf-8; Boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
    }

    #[test]
    fn a_credential_with_slashes_in_its_key_id_is_split_from_the_end() {
        let signature =
            Signature::new(true, "team/key/20260101/eu-west-1/s3/aws4_request", "host;X-Amz-Date").unwrap();
        assert_eq!((signature.access_key_id.as_str(), signature.region.as_str()), ("team/key", "eu-west-1"));
        assert_eq!(signature.signed_headers, ["host", "x-amz-date"]);
    }
}
