//! What is signed for CloudFront is accepted, and nothing else is.
#![cfg(feature = "cloudfront")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::{IpAddr, Ipv4Addr};

use proptest::{prelude::*, sample::Index};
use qdn_sign::{
    AddressStyle, Endpoint, Timestamp,
    cloudfront::{
        CloudFrontSigner, CustomPolicy, KeyError, KeyGroup, PublicKey, UrlError, UrlRefusal,
        verify_signed_url,
    },
};

const EC: &str = include_str!("../fixtures/keys/ec.pem");
const RSA: &str = include_str!("../fixtures/keys/rsa.pem");
const NOW: Timestamp = Timestamp::from_unix(1_795_426_200);
const VIEWER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
const PHOTO: &str = "https://d111111abcdef8.cloudfront.net/jobs/J-1/photos/a.jpg";

fn in_an_hour() -> Timestamp {
    NOW.plus_seconds(3_600)
}

fn ecdsa() -> CloudFrontSigner {
    CloudFrontSigner::new("K1EC", EC).unwrap()
}

/// One signer of every kind that is built in.
fn signers() -> Vec<CloudFrontSigner> {
    vec![
        ecdsa(),
        CloudFrontSigner::new("K2RSA", RSA).unwrap(),
        #[cfg(feature = "cloudfront-sha1")]
        CloudFrontSigner::with_sha1("K3RSA", RSA).unwrap(),
    ]
}

fn group(signers: &[CloudFrontSigner]) -> KeyGroup {
    signers
        .iter()
        .fold(KeyGroup::new(), |group, signer| group.with_key(signer.key_id(), signer.public_key()).unwrap())
}

fn judge(url: &str) -> Result<String, UrlRefusal> {
    verify_signed_url(url, VIEWER, &group(&signers()), NOW).map(|verified| verified.url)
}

#[test]
fn a_canned_policy_lives_until_the_second_it_names() {
    let group = group(&signers());
    let at = |url: &str, now| verify_signed_url(url, VIEWER, &group, now);
    for signer in signers() {
        let url = signer.sign_url(PHOTO, in_an_hour()).unwrap();
        assert_eq!(at(&url, in_an_hour().plus_seconds(-1)).unwrap().url, PHOTO);
        assert_eq!(at(&url, in_an_hour()), Err(UrlRefusal::Expired { expires: in_an_hour() }));
        assert_eq!(at(&url, NOW).unwrap().expires, in_an_hour());
    }
}

#[test]
fn the_parameters_stand_in_the_documented_order() {
    let url = ecdsa()
        .sign_url("https://d111111abcdef8.cloudfront.net/image.jpg?color=red&size=medium", NOW)
        .unwrap();
    let (before, after) = url.split_once("&Signature=").unwrap();
    assert_eq!(
        before,
        "https://d111111abcdef8.cloudfront.net/image.jpg?color=red&size=medium&Expires=1795426200"
    );
    assert!(after.ends_with("&Key-Pair-Id=K1EC&Hash-Algorithm=SHA256"));
}

#[test]
fn the_same_question_gets_the_same_url_from_every_signer_with_that_key() {
    for (left, right) in signers().iter().zip(&signers()) {
        assert_eq!(left.sign_url(PHOTO, NOW), right.sign_url(PHOTO, NOW));
    }
}

#[test]
fn an_objects_key_is_encoded_once() {
    let distribution = Endpoint::new("https://D111.cloudfront.net:443/", AddressStyle::Path).unwrap();
    let url = ecdsa().sign_object(&distribution, "jobs/J 1/a+b?%é#.jpg", in_an_hour());
    let plain = "https://d111.cloudfront.net/jobs/J%201/a%2Bb%3F%25%C3%A9%23.jpg";
    assert_eq!(judge(&url).as_deref(), Ok(plain));
    assert_eq!(url, ecdsa().sign_url(plain, in_an_hour()).unwrap());
}

#[test]
fn a_custom_policy_permits_what_it_says_and_no_more() {
    let signer = ecdsa();
    let folder = CustomPolicy::new("https://d111111abcdef8.cloudfront.net/jobs/J-1/*", in_an_hour());
    let with = |policy: &CustomPolicy| judge(&signer.sign_url_with_policy(PHOTO, policy).unwrap());
    assert_eq!(with(&folder).as_deref(), Ok(PHOTO));
    let other = CustomPolicy::new("https://d111111abcdef8.cloudfront.net/jobs/J-2/*", in_an_hour());
    assert_eq!(with(&other), Err(UrlRefusal::OtherResource));
    assert_eq!(with(&folder.clone().starts(NOW)), Err(UrlRefusal::NotYetValid));
    assert!(with(&folder.clone().starts(NOW.plus_seconds(-1))).is_ok());
    assert_eq!(with(&CustomPolicy::new("*", NOW)), Err(UrlRefusal::Expired { expires: NOW }));
    assert!(with(&folder.clone().source(Ipv4Addr::new(192, 0, 2, 0), 24)).is_ok());
    assert_eq!(with(&folder.source(Ipv4Addr::new(192, 0, 2, 8), 32)), Err(UrlRefusal::OtherViewer));
}

#[test]
fn a_custom_policys_signature_serves_every_url_that_it_permits() {
    let policy = CustomPolicy::new("https://d111111abcdef8.cloudfront.net/jobs/J-1/*", in_an_hour());
    let url = ecdsa().sign_url_with_policy(PHOTO, &policy).unwrap();
    assert!(judge(&url.replace("a.jpg", "b.jpg")).is_ok());
    assert_eq!(judge(&url.replace("J-1", "J-2")), Err(UrlRefusal::OtherResource));
}

#[test]
fn a_url_without_its_parameters_is_refused_by_what_is_missing() {
    let url = ecdsa().sign_url(PHOTO, in_an_hour()).unwrap();
    let without = |name: &str| {
        let (address, query) = url.split_once('?').unwrap();
        let kept: Vec<_> = query.split('&').filter(|pair| !pair.starts_with(name)).collect();
        judge(&format!("{address}?{}", kept.join("&"))).unwrap_err()
    };
    assert_eq!(judge(PHOTO), Err(UrlRefusal::MissingKey));
    assert_eq!(without("Key-Pair-Id"), UrlRefusal::MissingKey);
    assert_eq!(without("Signature"), UrlRefusal::MissingSignature);
    assert_eq!(without("Expires"), UrlRefusal::MissingPolicy);
    // Without the hash's name SHA-1 is meant.
    assert_eq!(without("Hash-Algorithm"), UrlRefusal::SignatureDoesNotMatch);
    assert_eq!(judge(&url.replace("K1EC", "")), Err(UrlRefusal::MissingKey));
    assert_eq!(judge(&url.replace("K1EC", "K9")), Err(UrlRefusal::UnknownKey { key_id: "K9".to_owned() }));
}

#[test]
fn a_url_whose_parameters_are_not_as_they_must_be_is_refused_by_the_one_that_is_wrong() {
    let url = ecdsa().sign_url(PHOTO, in_an_hour()).unwrap();
    let expires = format!("Expires={}", in_an_hour().as_unix());
    for (parameter, changed) in [
        ("Expires", format!("{url}&Expires=1")),
        ("Key-Pair-Id", format!("{url}&Key-Pair-Id=K1EC")),
        ("Policy", format!("{url}&Policy=e30_")),
        ("Policy", url.replace(&expires, "Policy=*")),
        ("Expires", url.replace(&expires, "Expires=+1")),
        ("Expires", url.replace(&expires, "Expires=0999")),
        ("Expires", url.replace(&expires, "Expires=")),
        ("Expires", url.replace(&expires, "Expires=99999999999999999999")),
        ("Signature", url.replace("Signature=", "Signature=%")),
        ("Hash-Algorithm", url.replace("SHA256", "sha256")),
        ("URL", format!("{url}#top")),
        ("URL", format!("{url}&pad={}", "x".repeat(8_192))),
    ] {
        match judge(&changed) {
            Err(UrlRefusal::Malformed { parameter: found, .. }) => assert_eq!(found, parameter, "{changed}"),
            other => panic!("{changed}: {other:?}"),
        }
    }
}

#[test]
fn during_a_rotation_both_keys_are_trusted_and_afterwards_one() {
    let old = CloudFrontSigner::new("KOLD", RSA).unwrap();
    let new = CloudFrontSigner::new("KNEW", EC).unwrap();
    let (old_url, new_url) =
        (old.sign_url(PHOTO, in_an_hour()).unwrap(), new.sign_url(PHOTO, in_an_hour()).unwrap());
    let is_accepted = |url: &str, group: &KeyGroup| verify_signed_url(url, VIEWER, group, NOW).is_ok();
    let only_new = KeyGroup::new().with_key("KNEW", new.public_key()).unwrap();
    let both = only_new.clone().with_key("KOLD", old.public_key()).unwrap();
    assert!(is_accepted(&old_url, &both) && is_accepted(&new_url, &both));
    assert!(!is_accepted(&old_url, &only_new) && is_accepted(&new_url, &only_new));
    // A key is trusted under its own id only.
    assert!(!is_accepted(&old_url.replace("KOLD", "KNEW"), &both));
}

#[test]
fn the_cdn_tells_a_viewer_no_more_than_it_must() {
    let expired = UrlRefusal::Expired { expires: NOW };
    assert_eq!((expired.code(), expired.answer()), ("AccessDenied", "Access denied"));
    assert!(expired.to_string().contains("ended at"), "{expired}");
    assert_eq!(UrlRefusal::MissingKey.code(), "MissingKey");
}

#[test]
fn what_cannot_be_signed_is_refused_by_what_is_wrong() {
    let signer = ecdsa();
    let refusal = |url: &str| signer.sign_url(url, NOW).unwrap_err();
    for url in ["", "d111.cloudfront.net/a", "ftp://d111/a", "https://", "https:///a"] {
        assert_eq!(refusal(url), UrlError::NotAbsolute, "{url}");
    }
    assert_eq!(refusal("https://d111/a#b"), UrlError::Fragment);
    for url in ["https://d111/a b", "https://d111/é", "https://d111/a\nb"] {
        assert_eq!(refusal(url), UrlError::Character, "{url}");
    }
    assert_eq!(refusal("https://d111/a?x=1&Policy=e30_"), UrlError::Parameter("Policy"));
    for key_id in ["", "K 1", "K&1", "K/1"] {
        assert_eq!(CloudFrontSigner::new(key_id, EC).err(), Some(KeyError::KeyId), "{key_id}");
    }
}

#[cfg(feature = "cloudfront-sha1")]
#[test]
fn sha1_is_for_rsa_keys_and_is_not_named_in_the_url() {
    assert_eq!(CloudFrontSigner::with_sha1("K1", EC).err(), Some(KeyError::Sha1NeedsRsa));
    let url = CloudFrontSigner::with_sha1("K3RSA", RSA).unwrap().sign_url(PHOTO, in_an_hour()).unwrap();
    assert!(url.ends_with("&Key-Pair-Id=K3RSA"));
    assert!(judge(&format!("{url}&Hash-Algorithm=SHA1")).is_ok());
    assert_eq!(judge(&format!("{url}&Hash-Algorithm=SHA256")), Err(UrlRefusal::SignatureDoesNotMatch));
}

#[test]
fn debug_shows_the_id_and_no_key() {
    for signer in signers() {
        assert_eq!(
            format!("{signer:?}"),
            format!("CloudFrontSigner {{ key_id: {:?}, .. }}", signer.key_id())
        );
    }
    let group = format!(
        "{:?}",
        KeyGroup::new()
            .with_key("K1", PublicKey::from_pem(include_str!("../fixtures/keys/ec-public.pem")).unwrap())
            .unwrap()
    );
    assert!(group.contains("K1") && group.len() < 100, "{group}");
}

/// A URL as a browser sends one, with a query or without.
fn url() -> impl Strategy<Value = String> {
    "https://[a-z]{1,9}\\.test(:[1-9][0-9]{1,3})?/[!$-.0-;=@-Z_a-z~]{0,40}(\\?[a-z]{1,4}=[!-\"$%'-~]{0,12}){0,1}"
}

fn policy() -> impl Strategy<Value = CustomPolicy> {
    let resource = prop_oneof![Just("*".to_owned()), Just("https://*.test*".to_owned()), "\\PC{0,30}"];
    (
        resource,
        1..100_000_i64,
        proptest::option::of(-100..100_i64),
        proptest::option::of((any::<u32>(), 0..=33_u8)),
    )
        .prop_map(|(resource, lives, starts, source)| {
            let mut policy = CustomPolicy::new(resource, NOW.plus_seconds(lives));
            if let Some(starts) = starts {
                policy = policy.starts(NOW.plus_seconds(starts));
            }
            match source {
                Some((address, bits)) => policy.source(Ipv4Addr::from_bits(address), bits),
                None => policy,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_is_accepted_and_no_change_of_a_byte_is(
        url in url(),
        lives in 1..100_000_i64,
        which in any::<Index>(),
        at in any::<Index>(),
        byte in b'!'..=b'~',
    ) {
        let signers = signers();
        let signed = which.get(&signers).sign_url(&url, NOW.plus_seconds(lives)).unwrap();
        prop_assert_eq!(judge(&signed), Ok(url));
        let mut changed = signed.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        if changed != signed.as_bytes() {
            prop_assert!(judge(str::from_utf8(&changed).unwrap()).is_err());
        }
    }

    #[test]
    fn a_signed_policy_is_read_as_it_was_meant_whatever_it_says(policy in policy(), at in any::<Index>(), flip in 1..=255_u8) {
        let signed = ecdsa().sign_url_with_policy(PHOTO, &policy).unwrap();
        // What it says decides; that it was signed is never in doubt.
        let refused = judge(&signed).err();
        prop_assert!(
            matches!(refused, None | Some(UrlRefusal::OtherResource | UrlRefusal::NotYetValid | UrlRefusal::OtherViewer)),
            "{:?}", refused
        );
        // Any other policy under the same signature is not this one.
        let mut text = policy.text().into_bytes();
        let at = at.index(text.len());
        text[at] ^= flip;
        let original = base64(policy.text().as_bytes());
        prop_assert_eq!(
            judge(&signed.replace(&original, &base64(&text))),
            Err(UrlRefusal::SignatureDoesNotMatch)
        );
    }

    #[test]
    fn no_text_makes_the_judge_panic(query in "(&?(Expires|Policy|Signature|Key-Pair-Id|Hash-Algorithm|x)=(K1EC|SHA256|[0-9]{1,21}|[A-Za-z0-9~_-]{0,40}|\\PC{0,9})){0,6}") {
        let url = format!("{PHOTO}?{query}");
        prop_assert!(judge(&url).is_err());
    }
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}
