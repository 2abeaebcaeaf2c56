//! One photo of one job, as every subject of the benchmark signs it.

use qdn_sign::{AddressStyle, Credentials, Endpoint, PostConditions, Timestamp};
use serde_json::{Value, json};

pub(crate) const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ORIGIN: &str = "https://s3.us-east-1.amazonaws.com";
pub(crate) const BUCKET: &str = "qdn-uploads";
pub(crate) const KEY: &str = "jobs/J-1042/photos/01K9ZV3QJ5T8W2R7M4N6X0B1CD-driveway-before.jpg";
pub(crate) const EXPIRES_SECONDS: u32 = 3600;
/// 2026-11-23T09:30:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_795_426_200);
/// In the order in which botocore is given them, sorted.
pub(crate) const PUT_HEADERS: [(&str, &str); 4] = [
    ("content-length", "2483712"),
    ("content-type", "image/jpeg"),
    ("if-none-match", "*"),
    ("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
];

pub(crate) fn endpoint() -> Endpoint {
    Endpoint::new(ORIGIN, AddressStyle::VirtualHost).expect("an origin")
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
}

pub(crate) fn post_conditions() -> PostConditions {
    PostConditions::new()
        .content_type("image/jpeg")
        .content_length(2_483_712)
        .checksum_sha256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        .success_action_status(201)
}

/// The same for the boto3 script.
pub(crate) fn as_json() -> Value {
    json!({
        "access_key_id": ACCESS_KEY_ID,
        "secret_access_key": SECRET_ACCESS_KEY,
        "region": REGION,
        "origin": ORIGIN,
        "bucket": BUCKET,
        "key": KEY,
        "expires_seconds": EXPIRES_SECONDS,
        "now": NOW.as_unix(),
        "put": {
            "ContentLength": 2_483_712,
            "ContentType": "image/jpeg",
            "IfNoneMatch": "*",
            "ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        },
        "fields": {
            "Content-Type": "image/jpeg",
            "x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "success_action_status": "201",
        },
        "conditions": [
            {"Content-Type": "image/jpeg"},
            ["content-length-range", 2_483_712, 2_483_712],
            {"x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
            {"success_action_status": "201"},
        ],
    })
}
