//! Signatures that AWS has published.

use super::*;
use crate::{AddressStyle, endpoint::Address};

const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A request of "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
struct HeaderExample {
    method: &'static str,
    /// Path and query as they stand in the canonical request.
    path: &'static str,
    query: &'static str,
    /// Without `host`.
    headers: &'static [(&'static str, &'static str)],
    signature: &'static str,
}

const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");
const EMPTY: (&str, &str) = ("x-amz-content-sha256", EMPTY_SHA256);

/// AWS, "Amazon S3 API Reference", the four examples of that page.
const HEADER_EXAMPLES: [HeaderExample; 4] = [
    HeaderExample {
        method: "GET",
        path: "/test.txt",
        query: "",
        headers: &[("Range", "bytes=0-9"), EMPTY, DATE],
        signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    HeaderExample {
        method: "PUT",
        path: "/test%24file.text",
        query: "",
        headers: &[
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            DATE,
        ],
        signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    HeaderExample {
        method: "GET",
        path: "/",
        query: "lifecycle=",
        headers: &[EMPTY, DATE],
        signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    HeaderExample {
        method: "GET",
        path: "/",
        query: "max-keys=2&prefix=J",
        headers: &[EMPTY, DATE],
        signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
];

/// The canonical request and the string to sign are the same whether the signature goes into a header or into the
/// query, so these examples hold the very functions that presign.
#[test]
fn the_documented_header_signatures_are_reproduced() {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let now = Timestamp::parse_amz_date("20130524T000000Z").unwrap();
    let day_key = DayKey::new(&credentials, "us-east-1", SERVICE, now);
    let endpoint = Endpoint::new("https://s3.amazonaws.com", AddressStyle::VirtualHost).unwrap();
    for example in HEADER_EXAMPLES {
        let headers = sorted_headers(example.headers);
        let target = Target {
            endpoint: &endpoint,
            method: example.method,
            bucket: "examplebucket",
            key: None,
            query: &[],
            headers: &headers,
            payload: UNSIGNED_PAYLOAD,
        };
        let url = format!("{}{}", example.path, example.query);
        let (path_end, end) = (example.path.len(), url.len());
        let parts = UrlParts {
            address: Address { is_subdomain: true, path: 0..path_end },
            time: end..end,
            query: path_end..end,
            auth: end..end,
            signed_headers: end..end,
            token: end..end,
        };
        let signature = day_key.sign_request("000000Z", &hash_canonical_request(&target, &url, &parts));
        let mut written = String::new();
        push_hex(&mut written, &signature);
        assert_eq!(written, example.signature, "{} {}{}", example.method, example.path, example.query);
    }
}

/// A case of AWS's signing test suite, signed in the query.
struct QueryCase {
    name: &'static str,
    method: &'static str,
    /// The path after its first slash, not encoded.
    key: &'static str,
    query: &'static [(&'static str, &'static str)],
    headers: &'static [(&'static str, &'static str)],
    token: &'static str,
    signature: &'static str,
}

const CASE: QueryCase =
    QueryCase { name: "", method: "GET", key: "", query: &[], headers: &[], token: "", signature: "" };

const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Requests and signatures of <https://github.com/awslabs/aws-c-auth>, `tests/aws-signing-test-suite/v4`. Left out
/// are those that normalise paths, which S3 does not, and one (`get-space-unnormalized`) that has no expiry.
const QUERY_CASES: [QueryCase; 21] = [
    QueryCase {
        name: "get-vanilla-query",
        signature: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
        ..CASE
    },
    QueryCase {
        name: "post-vanilla",
        method: "POST",
        signature: "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b",
        ..CASE
    },
    QueryCase {
        name: "get-vanilla-with-session-token",
        token: "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
        signature: "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c",
        ..CASE
    },
    QueryCase {
        name: "get-vanilla-empty-query-key",
        query: &[("Param1", "value1")],
        signature: "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de",
        ..CASE
    },
    QueryCase {
        name: "get-vanilla-query-order-key-case",
        query: &[("Param2", "value2"), ("Param1", "value1")],
        signature: "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5",
        ..CASE
    },
    QueryCase {
        name: "get-vanilla-query-order-encoded",
        query: &[("Param-3", "Value3"), ("Param", "Value2"), ("ሴ", "Value1")],
        signature: "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787",
        ..CASE
    },
    QueryCase {
        name: "get-vanilla-query-unreserved",
        query: &[(UNRESERVED, UNRESERVED)],
        signature: "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf",
        ..CASE
    },
    QueryCase {
        name: "get-vanilla-utf8-query",
        query: &[("ሴ", "bar")],
        signature: "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600",
        ..CASE
    },
    QueryCase {
        name: "get-unreserved",
        key: UNRESERVED,
        signature: "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005",
        ..CASE
    },
    QueryCase {
        name: "get-utf8",
        key: "ሴ",
        signature: "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44",
        ..CASE
    },
    QueryCase {
        name: "get-relative-unnormalized",
        key: "example/..",
        signature: "cbcb213b928a077e43275df47b500f1dfaa864ab3f5a18f6b95f4ff0938167ee",
        ..CASE
    },
    QueryCase {
        name: "get-relative-relative-unnormalized",
        key: "example1/example2/../..",
        signature: "b45db0bfd1cf15003493b733e33aa208dd981bd0e63037a6ed953f71d2118a16",
        ..CASE
    },
    QueryCase {
        name: "get-slash-dot-slash-unnormalized",
        key: "./",
        signature: "a9b13e8f3484d9505bf1a6f347219f8f35b0fe8f128ceea597efc146a3dfe90c",
        ..CASE
    },
    QueryCase {
        name: "get-slash-pointless-dot-unnormalized",
        key: "./example",
        signature: "72b11f16d9530b18204bfb71f2d6ab085894c0ed8d352730a6e76234c58b5e10",
        ..CASE
    },
    QueryCase {
        name: "get-slash-unnormalized",
        key: "/",
        signature: "b2a9542809db687769200f56a844a03f2bd0291d6eb90232d5101c6a579446cd",
        ..CASE
    },
    QueryCase {
        name: "get-slashes-unnormalized",
        key: "/example//",
        signature: "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2",
        ..CASE
    },
    QueryCase {
        name: "get-header-key-duplicate",
        headers: &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        signature: "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97",
        ..CASE
    },
    QueryCase {
        name: "get-header-value-order",
        headers: &[
            ("My-Header1", "value4"),
            ("My-Header1", "value1"),
            ("My-Header1", "value3"),
            ("My-Header1", "value2"),
        ],
        signature: "313720e71ca6202fdcfa9b20f88de01a4eb0638a83c833b1c184359a4eda864e",
        ..CASE
    },
    QueryCase {
        name: "get-header-value-trim",
        headers: &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        signature: "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4",
        ..CASE
    },
    QueryCase {
        name: "get-header-value-multiline",
        headers: &[("My-Header1", "value1\n  value2\n     value3")],
        signature: "e6f5def831211aca02987a44b96826706278c7bc078112ae0263659c5b2f2d56",
        ..CASE
    },
    QueryCase {
        name: "post-x-www-form-urlencoded",
        method: "POST",
        headers: &[
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Host", "example.amazonaws.com"),
            ("Content-Length", "13"),
            ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        ],
        signature: "c2348f57d08c84939944d6c878b3f7be56316f8e7fd6817e81eded279a362d69",
        ..CASE
    },
];

#[test]
fn the_published_query_signatures_are_reproduced() {
    let endpoint = Endpoint::new("https://example.amazonaws.com", AddressStyle::Path).unwrap();
    let now = Timestamp::parse_amz_date("20150830T123600Z").unwrap();
    for case in QUERY_CASES {
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let signer = Signer::for_service(credentials.with_session_token(case.token), "us-east-1", "service");
        // In the suite a request without a body has the hash of no bytes; for S3 its payload is unsigned.
        let headers = sorted_headers(case.headers);
        let target = Target {
            endpoint: &endpoint,
            method: case.method,
            bucket: "",
            key: Some(case.key),
            query: case.query,
            headers: &headers,
            payload: EMPTY_SHA256,
        };
        let url = signer.presign(&target, now, 3600);
        assert!(url.ends_with(&format!("&X-Amz-Signature={}", case.signature)), "{}: {url}", case.name);
    }
}
