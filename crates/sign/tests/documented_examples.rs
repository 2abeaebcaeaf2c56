//! The examples that AWS's documentation of S3 signs with its example credentials.

use qdn_sign::{AddressStyle, Credentials, Endpoint, Signer, Timestamp};

fn signer() -> Signer {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    Signer::new(Credentials::new("AKIAIOSFODNN7EXAMPLE", secret), "us-east-1")
}

/// "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
#[test]
fn the_documented_presigned_url_is_reproduced() {
    let endpoint = Endpoint::new("https://s3.amazonaws.com", AddressStyle::VirtualHost).unwrap();
    let now = Timestamp::parse_amz_date("20130524T000000Z").unwrap();
    let url = signer().presign_get(&endpoint, "examplebucket", "test.txt", &[], now, 86_400);
    assert_eq!(
        url,
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

/// "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)". The page's base64 has the policy
/// with CRLF line ends.
#[test]
fn the_documented_post_policy_is_reproduced() {
    let policy = include_str!("vectors/post_policy_2015_12_29.json").replace('\n', "\r\n");
    let now = Timestamp::parse_amz_date("20151229T000000Z").unwrap();
    let (_, signature) = signer().sign_policy(&policy, now);
    assert_eq!(signature, "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
}
