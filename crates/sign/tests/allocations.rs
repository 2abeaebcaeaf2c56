//! How often signing allocates: each string that is handed out once, and hardly anything else.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::hint::black_box;

use qdn_sign::{AddressStyle, Credentials, Endpoint, PostConditions, Signer, Timestamp};

const KEY: &str = "jobs/J-1042/photos/01K9ZV3QJ5T8W2R7M4N6X0B1CD-driveway-before.jpg";
const NOW: Timestamp = Timestamp::from_unix(1_795_426_200);

/// Counts after the day's key has been derived.
fn allocations<T>(action: impl Fn(&Signer, &Endpoint) -> T) -> u64 {
    let signer = Signer::new(Credentials::new("AKID", "secret").with_session_token("token"), "us-east-1");
    let endpoint = Endpoint::new("https://s3.us-east-1.amazonaws.com", AddressStyle::VirtualHost).unwrap();
    drop(black_box(action(&signer, &endpoint)));
    allocation_counter::measure(|| drop(black_box(action(&signer, &endpoint)))).count_total
}

#[test]
fn a_presigned_get_allocates_its_url_and_nothing_else() {
    assert_eq!(allocations(|signer, endpoint| signer.presign_get(endpoint, "bucket", KEY, &[], NOW, 60)), 1);
    let beyond_ascii = "jobs/ü ß/照片 📷.jpg";
    assert_eq!(
        allocations(|signer, endpoint| signer.presign_get(endpoint, "Bucket", beyond_ascii, &[], NOW, 60)),
        1
    );
}

#[test]
fn a_query_costs_one_allocation_more() {
    let query = [("response-content-type", "image/jpeg"), ("response-cache-control", "private")];
    assert_eq!(
        allocations(|signer, endpoint| signer.presign_get(endpoint, "bucket", KEY, &query, NOW, 60)),
        2
    );
}

#[test]
fn a_presigned_put_allocates_its_url_its_headers_and_one_list() {
    let headers = [("content-type", "image/jpeg"), ("content-length", "1"), ("if-none-match", "*")];
    // The URL, the sorted list, the list of headers with three names and three values.
    assert_eq!(
        allocations(|signer, endpoint| signer.presign_put(endpoint, "bucket", KEY, &headers, NOW, 60)),
        9
    );
}

#[test]
fn a_presigned_post_allocates_its_url_its_fields_and_the_policys_text() {
    let made = |signer: &Signer, endpoint: &Endpoint| {
        signer.presign_post(endpoint, "bucket", KEY, PostConditions::new().content_length(1), NOW, 60)
    };
    // The URL, the conditions' list, the fields' list, seven names and seven values, the policy's text.
    assert_eq!(allocations(made), 18);
}

#[cfg(feature = "cloudfront")]
#[test]
fn a_url_for_cloudfront_allocates_itself_and_its_policys_text() {
    let pem = include_str!("../fixtures/keys/ec.pem");
    let signer = qdn_sign::cloudfront::CloudFrontSigner::new("K1", pem).unwrap();
    for key in [KEY, "jobs/ü ß/照片 📷.jpg"] {
        assert_eq!(allocations(|_, endpoint| signer.sign_object(endpoint, key, NOW)), 2, "{key}");
    }
}
