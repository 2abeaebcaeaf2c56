//! Answers sent in fewer bytes, where nobody in front does it.

use http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// Smaller answers fit into one packet as they are.
const COMPRESSED_BYTES_MIN: u64 = 1_400;

/// A list of photos is mostly signed URLs, which shrink to a fifth: a second of a slow phone's line. Everything else is
/// small, compressed already, or a stream that must not wait for more.
pub(super) fn compression() -> CompressionLayer<impl Predicate> {
    let json = |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json")
    };
    CompressionLayer::new().gzip(true).compress_when(SizeAbove::new(COMPRESSED_BYTES_MIN).and(json))
}
