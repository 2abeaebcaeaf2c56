//! What `verify_post_form` accepts and what it refuses, and by which of S3's errors.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use qdn_sign::{
    AcceptedPost, AddressStyle, Credentials, Endpoint, PostConditions, PostRefusal, Signer, Timestamp,
    verify_post_form,
};

type Fields = Vec<(String, String)>;

const REGION: &str = "us-east-1";
const BUCKET: &str = "sigv4examplebucket";
/// 2015-12-29T00:00:00Z.
const SIGNED_AT: Timestamp = Timestamp::from_unix(1_451_347_200);
const HOUR: u32 = 3600;

fn credentials() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
}

fn known(access_key_id: &str) -> Option<Credentials> {
    Some(credentials()).filter(|credentials| credentials.access_key_id() == access_key_id)
}

fn verify_at(fields: &Fields, now: Timestamp) -> Result<AcceptedPost, PostRefusal> {
    verify_post_form(fields, BUCKET, known, REGION, now)
}

fn verify(fields: &Fields) -> Result<AcceptedPost, PostRefusal> {
    verify_at(fields, SIGNED_AT)
}

/// Asserts the refusal's code and status, and that its message names `named`.
#[track_caller]
fn assert_refused(fields: &Fields, code: &str, status: u16, named: &str) {
    let refusal = verify(fields).unwrap_err();
    assert_eq!((refusal.code(), refusal.status()), (code, status), "{refusal}");
    assert!(refusal.to_string().contains(named), "{refusal}");
}

fn form(conditions: PostConditions) -> Fields {
    let endpoint = Endpoint::new("http://127.0.0.1:9000", AddressStyle::Path).unwrap();
    let signer = Signer::new(credentials(), REGION);
    signer.presign_post(&endpoint, BUCKET, "jobs/1/photos/a.jpg", conditions, SIGNED_AT, HOUR).fields
}

fn usual_form() -> Fields {
    form(
        PostConditions::new()
            .content_type("image/jpeg")
            .content_length(1000)
            .checksum_sha256("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
            .success_action_status(201)
            .metadata("phase", "before"),
    )
}

/// A form whose policy's text is given; `$` conditions for the signature's own fields are added.
fn form_with_policy(policy: &str, fields: &[(&str, &str)]) -> Fields {
    let (policy, signature) = Signer::new(credentials(), REGION).sign_policy(policy, SIGNED_AT);
    let credential = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request";
    let own = [
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", credential),
        ("x-amz-date", "20151229T000000Z"),
        ("policy", &policy),
        ("x-amz-signature", &signature),
    ];
    fields.iter().chain(&own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A form whose policy has `conditions` beside those that any form needs.
fn form_with_conditions(conditions: &str, fields: &[(&str, &str)]) -> Fields {
    let policy = format!(
        r#"{{"expiration": "2015-12-30T12:00:00.000Z", "conditions": [{conditions}, {{"bucket": "{BUCKET}"}},
        ["starts-with", "$key", ""], ["starts-with", "$x-amz-algorithm", ""],
        ["starts-with", "$x-amz-credential", ""], ["starts-with", "$x-amz-date", ""]]}}"#
    );
    let mut all = vec![("key", "k")];
    all.extend(fields);
    form_with_policy(&policy, &all)
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    value.clone_into(&mut fields.iter_mut().find(|(known, _)| known == name).unwrap().1);
}

fn with(name: &str, value: &str) -> Fields {
    let mut fields = usual_form();
    set(&mut fields, name, value);
    fields
}

fn without(name: &str) -> Fields {
    let mut fields = usual_form();
    let before = fields.len();
    fields.retain(|(known, _)| known != name);
    assert_eq!(fields.len() + 1, before);
    fields
}

fn and(name: &str, value: &str) -> Fields {
    let mut fields = usual_form();
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

#[test]
fn a_presigned_form_is_accepted_with_all_that_it_says() {
    let accepted = verify(&usual_form()).unwrap();
    assert_eq!(accepted.key, "jobs/1/photos/a.jpg");
    assert_eq!(accepted.content_length, 1000..=1000);
    assert_eq!(accepted.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(accepted.success_action_status, 201);
    assert_eq!(accepted.success_action_redirect, None);
    assert_eq!(accepted.metadata, [("phase".to_owned(), "before".to_owned())]);
    let checksum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned();
    assert_eq!(accepted.checksums, [("x-amz-checksum-sha256".to_owned(), checksum)]);
    assert_eq!(accepted.headers, []);
    assert_eq!(accepted.access_key_id, "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(accepted.expiration.as_unix(), 1_451_350_800);
}

#[test]
fn the_documented_form_is_accepted() {
    let policy = include_str!("vectors/post_policy_2015_12_29.json").replace('\n', "\r\n");
    let redirect = "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html";
    let fields = form_with_policy(
        &policy,
        &[
            ("key", "user/user1/photo.jpg"),
            ("acl", "public-read"),
            ("success_action_redirect", redirect),
            ("Content-Type", "image/jpeg"),
            ("x-amz-meta-uuid", "14365123651274"),
            ("x-amz-server-side-encryption", "AES256"),
            ("X-Amz-Meta-Tag", ""),
        ],
    );
    let accepted = verify(&fields).unwrap();
    assert_eq!(accepted.success_action_redirect.as_deref(), Some(redirect));
    assert_eq!(accepted.success_action_status, 204);
    assert_eq!(accepted.content_length, 0..=5_368_709_120);
    let headers: Vec<_> =
        accepted.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("acl", "public-read"), ("x-amz-server-side-encryption", "AES256")]);
    let metadata: Vec<_> =
        accepted.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(metadata, [("tag", ""), ("uuid", "14365123651274")]);
}

#[test]
fn post_policy_rejects_one_byte_over_the_limit_and_one_byte_under() {
    let accepted = verify(&form(PostConditions::new().content_length_range(10..=1000))).unwrap();
    assert_eq!(accepted.check_length(10), Ok(()));
    assert_eq!(accepted.check_length(1000), Ok(()));
    let over = accepted.check_length(1001).unwrap_err();
    assert_eq!((over.code(), over.status()), ("EntityTooLarge", 400));
    let under = accepted.check_length(9).unwrap_err();
    assert_eq!((under.code(), under.status()), ("EntityTooSmall", 400));
}

#[test]
fn a_form_lives_until_its_policy_ends_and_not_a_second_longer() {
    let fields = usual_form();
    assert!(verify_at(&fields, SIGNED_AT.plus_seconds(3599)).is_ok());
    let expired = verify_at(&fields, SIGNED_AT.plus_seconds(3600)).unwrap_err();
    assert_eq!((expired.code(), expired.status()), ("AccessDenied", 403));
    assert!(expired.to_string().contains("Policy expired"), "{expired}");
}

#[test]
fn a_form_from_the_future_is_refused_beyond_fifteen_minutes() {
    let fields = usual_form();
    assert!(verify_at(&fields, SIGNED_AT.plus_seconds(-900)).is_ok());
    assert_eq!(verify_at(&fields, SIGNED_AT.plus_seconds(-901)), Err(PostRefusal::RequestTimeTooSkewed));
}

#[test]
fn a_form_for_another_bucket_is_refused() {
    let refusal = verify_post_form(&usual_form(), "other", known, REGION, SIGNED_AT).unwrap_err();
    assert_eq!(refusal.code(), "AccessDenied");
    assert!(refusal.to_string().contains("$bucket"), "{refusal}");
    assert_refused(&and("bucket", "other"), "InvalidArgument", 400, "bucket");
    assert!(verify(&and("bucket", BUCKET)).is_ok());
}

#[test]
fn changed_missing_extra_and_repeated_fields_are_refused() {
    assert_refused(&with("key", "jobs/2/photos/a.jpg"), "AccessDenied", 403, "$key");
    assert_refused(&with("Content-Type", "text/html"), "AccessDenied", 403, "$content-type");
    assert_refused(&with("x-amz-meta-phase", "after"), "AccessDenied", 403, "$x-amz-meta-phase");
    assert_refused(&with("success_action_status", "200"), "AccessDenied", 403, "$success_action_status");
    assert_refused(&without("x-amz-meta-phase"), "AccessDenied", 403, "$x-amz-meta-phase");
    assert_refused(
        &and("x-amz-meta-other", "1"),
        "AccessDenied",
        403,
        "Extra input fields: x-amz-meta-other",
    );
    assert_refused(&and("acl", "public-read"), "AccessDenied", 403, "Extra input fields: acl");
    assert_refused(&and("key", "jobs/1/photos/a.jpg"), "InvalidArgument", 400, "'key'");
    assert_refused(&and("KEY", "jobs/1/photos/a.jpg"), "InvalidArgument", 400, "'key'");
    assert_refused(&and("content-TYPE", "image/jpeg"), "InvalidArgument", 400, "'content-type'");
}

#[test]
fn fields_that_every_signed_form_has_must_be_there() {
    for name in ["key", "policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"] {
        assert_refused(&without(name), "InvalidArgument", 400, name);
    }
    let unsigned = vec![("key".to_owned(), "a".to_owned())];
    assert_refused(&unsigned, "AccessDenied", 403, "signed");
}

#[test]
fn tampered_policies_and_signatures_are_refused() {
    let fields = usual_form();
    let value = |name| fields.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let signature = value("x-amz-signature");
    let flipped = if signature.starts_with('0') { "1" } else { "0" };
    let tampered = format!("{flipped}{}", &signature[1..]);
    for signature in [tampered.as_str(), "", "zz", &signature[..63], &format!("{signature}0")] {
        assert_refused(&with("x-amz-signature", signature), "SignatureDoesNotMatch", 403, "x-amz-signature");
    }
    let policy = value("policy");
    for policy in ["", "e30=", &policy[4..], &format!("{policy} "), &policy.to_lowercase()] {
        assert_refused(&with("policy", policy), "SignatureDoesNotMatch", 403, "x-amz-signature");
    }
}

#[test]
fn the_credential_scope_must_be_this_stores_and_the_dates_day() {
    let scope = |scope: &str| with("x-amz-credential", scope);
    for (credential, named) in [
        ("AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4", "aws4_request"),
        ("AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/ec2/aws4_request", "service"),
        ("AKIAIOSFODNN7EXAMPLE/20151229/eu-west-1/s3/aws4_request", "region"),
        ("AKIAIOSFODNN7EXAMPLE/20151228/us-east-1/s3/aws4_request", "day"),
        ("/20151229/us-east-1/s3/aws4_request", "ACCESS-KEY-ID"),
        ("20151229/us-east-1/s3/aws4_request", "ACCESS-KEY-ID"),
        ("", "ACCESS-KEY-ID"),
    ] {
        assert_refused(&scope(credential), "InvalidArgument", 400, named);
    }
    let unknown = scope("AKIANOBODY/20151229/us-east-1/s3/aws4_request");
    assert_refused(&unknown, "InvalidAccessKeyId", 403, "x-amz-credential");
    assert_refused(&with("x-amz-date", "20151229T00000Z"), "InvalidArgument", 400, "x-amz-date");
    assert_refused(&with("x-amz-date", "20151228T235959Z"), "InvalidArgument", 400, "x-amz-credential");
    assert_refused(&with("x-amz-date", "20151229T000001Z"), "AccessDenied", 403, "$x-amz-date");
    assert_refused(&with("x-amz-algorithm", "aws4-hmac-sha256"), "InvalidArgument", 400, "x-amz-algorithm");
}

#[test]
fn a_session_token_must_be_the_credentials_own() {
    let temporary = || credentials().with_session_token("token/+=");
    let endpoint = Endpoint::new("http://127.0.0.1:9000", AddressStyle::Path).unwrap();
    let signer = Signer::new(temporary(), REGION);
    let fields = signer.presign_post(&endpoint, BUCKET, "k", PostConditions::new(), SIGNED_AT, HOUR).fields;
    let verify_with = |fields: &Fields, credentials: Credentials| {
        verify_post_form(fields, BUCKET, |_| Some(credentials.clone()), REGION, SIGNED_AT)
            .map(|post| post.key)
    };
    assert_eq!(verify_with(&fields, temporary()), Ok("k".to_owned()));
    assert_eq!(verify_with(&fields, credentials()), Err(PostRefusal::InvalidToken));
    assert_eq!(
        verify_with(&fields, credentials().with_session_token("other")),
        Err(PostRefusal::InvalidToken)
    );
    assert_eq!(verify_with(&usual_form(), temporary()), Err(PostRefusal::InvalidToken));
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let keyed = |key: &str| {
        form_with_conditions(r#"["starts-with", "$key", ""]"#, &[])
            .into_iter()
            .map(|(name, value)| {
                let value = if name == "key" { key.to_owned() } else { value };
                (name, value)
            })
            .collect::<Fields>()
    };
    assert!(verify(&keyed(&"é".repeat(512))).is_ok());
    assert_refused(&keyed(&"é".repeat(513)), "KeyTooLongError", 400, "key");
    assert_refused(&keyed(""), "InvalidArgument", 400, "key");
    assert_refused(&keyed("a/${filename}"), "InvalidArgument", 400, "${filename}");
    assert_refused(&and("x-ignore-a", "${filename}"), "InvalidArgument", 400, "x-ignore-a");
}

#[test]
fn field_names_and_operators_are_read_without_regard_to_case_and_values_with_it() {
    let conditions =
        r#"["StArTs-WiTh", "$CoNtEnT-TyPe", "image/"], {"aCl": "private"}, ["EQ", "$Expires", "never"]"#;
    let fields = |content_type| {
        form_with_conditions(
            conditions,
            &[("Content-type", content_type), ("ACL", "private"), ("expires", "never")],
        )
    };
    assert!(verify(&fields("image/png")).is_ok());
    assert_refused(&fields("Image/png"), "AccessDenied", 403, "$content-type");
}

#[test]
fn each_member_of_a_content_type_list_must_start_with_the_prefix() {
    let typed = |content_type| {
        form_with_conditions(
            r#"["starts-with", "$Content-Type", "image/"]"#,
            &[("Content-Type", content_type)],
        )
    };
    assert!(verify(&typed("image/jpeg,image/png, image/gif")).is_ok());
    for content_type in ["image/jpeg,text/html", "image/jpeg,", "text/html,image/jpeg", "", "image"] {
        assert_refused(&typed(content_type), "AccessDenied", 403, "$content-type");
    }
    let any = form_with_conditions(r#"["starts-with", "$Content-Type", ""]"#, &[("Content-Type", "a, b")]);
    assert!(verify(&any).is_ok());
}

#[test]
fn ignored_and_exempt_fields_need_no_condition() {
    let mut fields = and("x-ignore-this", "anything");
    fields.push(("AWSAccessKeyId".to_owned(), "AKIAIOSFODNN7EXAMPLE".to_owned()));
    fields.push(("file".to_owned(), String::new()));
    let accepted = verify(&fields).unwrap();
    assert_eq!(accepted.headers, []);
}

#[test]
fn a_policy_that_names_no_bucket_is_refused() {
    let policy = r#"{"expiration": "2015-12-30T12:00:00Z", "conditions": [["starts-with", "$key", ""],
        ["starts-with", "$x-amz-algorithm", ""], ["starts-with", "$x-amz-credential", ""],
        ["starts-with", "$x-amz-date", ""]]}"#;
    assert_refused(
        &form_with_policy(policy, &[("key", "k")]),
        "AccessDenied",
        403,
        "Extra input fields: bucket",
    );
}

#[test]
fn fields_that_cannot_be_headers_are_refused() {
    let tagged = |name: &str, value: &str| {
        form_with_conditions(&format!(r#"["starts-with", "${name}", ""]"#), &[(name, value)])
    };
    assert!(verify(&tagged("x-amz-meta-a", "é\tb")).is_ok());
    for (name, value) in [
        ("x-amz-meta-a", "b\r\nc"),
        ("Content-Type", "\u{7f}"),
        ("x-amz-meta-a b", "c"),
        ("x-amz-meta-", "c"),
    ] {
        assert_refused(&tagged(name, value), "InvalidArgument", 400, &name.to_lowercase());
    }
}

#[test]
fn several_length_ranges_must_all_hold() {
    let ranges = r#"["content-length-range", 0, 100], ["content-length-range", "50", "200"]"#;
    let accepted = verify(&form_with_conditions(ranges, &[])).unwrap();
    assert_eq!(accepted.content_length, 50..=100);
    for disjoint in [
        r#"["content-length-range", 0, 10], ["content-length-range", 11, 20]"#,
        r#"["content-length-range", 5368709121, 5368709122]"#,
    ] {
        assert_refused(
            &form_with_conditions(disjoint, &[]),
            "InvalidPolicyDocument",
            400,
            "content-length-range",
        );
    }
}

#[test]
fn malformed_conditions_are_refused() {
    for (condition, named) in [
        ("{}", "exactly one property"),
        (r#"{"acl": "a", "tag": "b"}"#, "exactly one property"),
        (r#"{"acl": "a", "acl": "a"}"#, "exactly one property"),
        (r#"{"success_action_status": 201}"#, "expected a string"),
        (r#"{"acl": null}"#, "expected a string"),
        (r#"{"": "a"}"#, "no name"),
        ("[]", "operator"),
        (r#"["equals", "$key", "k"]"#, "equals"),
        (r#"["eq", "key", "k"]"#, "must start with $"),
        (r#"["eq", "$", "k"]"#, "must start with $"),
        (r#"["eq", "$key"]"#, "value"),
        (r#"["eq", "$key", "k", "k"]"#, "too many operands"),
        (r#"["starts-with", "$key"]"#, "prefix"),
        (r#"["content-length-range", 0]"#, "largest"),
        (r#"["content-length-range"]"#, "smallest"),
        (r#"["content-length-range", 0, 1, 2]"#, "too many operands"),
        (r#"["content-length-range", 2, 1]"#, "content-length-range"),
        (r#"["content-length-range", -1, 1]"#, "whole number"),
        (r#"["content-length-range", 0, 1.5]"#, "whole number"),
        (r#"["content-length-range", 0, 1e3]"#, "whole number"),
        (r#"["content-length-range", 0, "+1"]"#, "whole number"),
        (r#"["content-length-range", 0, ""]"#, "whole number"),
        (r#"["content-length-range", 0, 99999999999999999999]"#, "whole number"),
        (r#"["content-length-range", null, 1]"#, "whole number"),
        (r#""eq""#, "condition"),
        ("1", "condition"),
        ("null", "condition"),
    ] {
        assert_refused(&form_with_conditions(condition, &[]), "InvalidPolicyDocument", 400, named);
    }
}

#[test]
fn malformed_policies_are_refused() {
    let conditions = r#""conditions": [{"bucket": "b"}]"#;
    let expiration = r#""expiration": "2015-12-30T12:00:00Z""#;
    for (policy, named) in [
        (String::new(), "EOF"),
        ("\u{feff}{}".to_owned(), "line 1"),
        ("null".to_owned(), "object"),
        (r#"["2015-12-30T12:00:00Z", [{"bucket": "b"}]]"#.to_owned(), "object"),
        ("{}".to_owned(), "expiration"),
        (format!("{{{expiration}}}"), "conditions"),
        (format!("{{{conditions}}}"), "expiration"),
        (format!(r#"{{{expiration}, "conditions": []}}"#), "conditions"),
        (format!(r#"{{{expiration}, "conditions": {{}}}}"#), "sequence"),
        (format!(r#"{{{expiration}, "conditions": null}}"#), "sequence"),
        (format!(r#"{{{expiration}, {conditions}, "id": "x"}}"#), "id"),
        (format!("{{{expiration}, {expiration}, {conditions}}}"), "expiration: given twice"),
        (format!("{{{expiration}, {conditions}, {conditions}}}"), "conditions: given twice"),
        (format!(r#"{{"EXPIRATION": "2015-12-30T12:00:00Z", {conditions}}}"#), "EXPIRATION"),
        (format!(r#"{{"expiration": "2015-12-30 12:00:00", {conditions}}}"#), "expiration"),
        (format!(r#"{{"expiration": 1451476800, {conditions}}}"#), "string"),
        (format!(r#"{{"expiration": null, {conditions}}}"#), "string"),
        (format!("{{{expiration}, {conditions}}} x"), "trailing"),
        (format!("{{{expiration}, {conditions},}}"), "trailing comma"),
        (format!(r#"{{{expiration}, "conditions": [{{"acl": "\ud800"}}]}}"#), "hex escape"),
    ] {
        let fields = form_with_policy(&policy, &[("key", "k")]);
        let refusal = verify(&fields).unwrap_err();
        assert_eq!((refusal.code(), refusal.status()), ("InvalidPolicyDocument", 400), "{policy}: {refusal}");
        assert!(refusal.to_string().contains(named), "{policy}: {refusal}");
    }
}

#[test]
fn huge_and_deep_policies_are_refused() {
    let deep = "[".repeat(40_000);
    assert_refused(&form_with_policy(&deep, &[("key", "k")]), "InvalidPolicyDocument", 400, "Invalid Policy");
    let deep = format!(r#"{{"expiration": "2015-12-30T12:00:00Z", "conditions": {deep}"#);
    assert_refused(&form_with_policy(&deep, &[("key", "k")]), "InvalidPolicyDocument", 400, "Invalid Policy");
    let huge = format!(r#"["starts-with", "$key", ""], {{"acl": "{}"}}"#, "a".repeat(50_000));
    assert_refused(&form_with_conditions(&huge, &[]), "InvalidPolicyDocument", 400, "65536");
}
