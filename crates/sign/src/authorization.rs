//! Requests to AWS's other services, signed in their headers: Signature Version 4 with the `Authorization` header.
//!
//! Source: AWS, "Create a signed AWS API request". Only what the JSON protocols of DynamoDB, SQS and SSM need: a POST to
//! `/` without a query.

use crate::{
    Credentials, Endpoint, Signer, Timestamp,
    canonical::{Target, UrlParts, hash_canonical_request, push_signed_header_names},
    encode::{hex, push_hex},
    endpoint::Address,
    sha256::Sha256,
    signer::sorted_headers,
    signing_key::ALGORITHM,
};

/// `x-amz-date`, the session token's header, `authorization`.
const HEADERS_ADDED: usize = 3;

impl Signer {
    /// A signer for another service of AWS than S3, by the name that its signatures carry: `dynamodb`, `sqs`, `ssm`.
    pub fn for_api(credentials: Credentials, region: &str, service: &'static str) -> Self {
        Self::for_service(credentials, region, service)
    }

    /// The headers that a POST of `body` to `/` of this endpoint needs beside `headers`, which are signed too. All of
    /// them must be sent as they stand, with `Host`.
    pub fn sign_post(
        &self,
        endpoint: &Endpoint,
        headers: &[(&str, &str)],
        body: &[u8],
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let date = now.amz_date();
        let token = self.credentials().session_token();
        let mut all = Vec::with_capacity(headers.len() + HEADERS_ADDED);
        all.extend_from_slice(headers);
        all.push(("x-amz-date", &date));
        all.extend(token.map(|token| ("x-amz-security-token", token)));
        let sorted = sorted_headers(&all);
        let mut body_hash = Sha256::<2>::new();
        body_hash.push(body);
        let body_hash = hex(&body_hash.finish());
        let target = Target {
            endpoint,
            method: "POST",
            bucket: "",
            key: None,
            query: &[],
            headers: &sorted,
            payload: std::str::from_utf8(&body_hash).unwrap_or_default(),
        };
        let parts = UrlParts {
            address: Address { is_subdomain: false, path: 0..1 },
            time: 1..1,
            query: 1..1,
            auth: 1..1,
            signed_headers: 1..1,
            token: 1..1,
        };
        let hash = hash_canonical_request(&target, "/", &parts);
        let authorization = self.with_day_key(now, |day_key| {
            let time = date.split_once('T').map_or("", |(_, time)| time);
            let signature = day_key.sign_request(time, &hash);
            let mut text = format!("{ALGORITHM} Credential={}, SignedHeaders=", day_key.credential());
            push_signed_header_names(&sorted, |separator, name| {
                text.push_str(if separator { ";" } else { "" });
                text.push_str(name);
            });
            text.push_str(", Signature=");
            push_hex(&mut text, &signature);
            text
        });
        let token = token.map(|token| ("x-amz-security-token", token.to_owned()));
        let mut added = Vec::with_capacity(HEADERS_ADDED);
        added.extend(token);
        added.push(("authorization", authorization));
        added.push(("x-amz-date", date));
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AddressStyle;

    /// `post-vanilla` and `post-x-www-form-urlencoded` of <https://github.com/awslabs/aws-c-auth>,
    /// `tests/aws-signing-test-suite/v4`.
    #[test]
    fn the_published_signatures_in_headers_are_reproduced() {
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let signer = Signer::for_api(credentials, "us-east-1", "service");
        let endpoint = Endpoint::new("https://example.amazonaws.com", AddressStyle::Path).unwrap();
        let now = Timestamp::parse_amz_date("20150830T123600Z").unwrap();
        let authorized = |headers: &[(&str, &str)], body: &[u8]| {
            let mut added = signer.sign_post(&endpoint, headers, body, now).into_iter();
            added.find(|(name, _)| *name == "authorization").unwrap().1
        };
        let vanilla = authorized(&[], b"");
        assert!(vanilla.ends_with("=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
        let form = authorized(&[("Content-Type", "application/x-www-form-urlencoded")], b"Param1=value1");
        assert!(form.ends_with("=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
    }

    #[test]
    fn a_session_token_is_sent_and_signed() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret").with_session_token("token");
        let signer = Signer::for_api(credentials, "us-east-1", "dynamodb");
        let endpoint = Endpoint::new("https://dynamodb.us-east-1.amazonaws.com", AddressStyle::Path).unwrap();
        let added = signer.sign_post(&endpoint, &[], b"{}", Timestamp::from_unix(0));
        assert!(added.contains(&("x-amz-security-token", "token".to_owned())), "{added:?}");
        assert!(
            added
                .iter()
                .any(|(_, value)| value.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"))
        );
    }
}
