//! What a signed URL permits, as the JSON that is signed.

use core::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use super::UrlRefusal;
use crate::{
    Timestamp,
    encode::{push_json_string, push_number},
};

/// A policy of the caller's own: for many URLs at once, from a time on, for some addresses only.
///
/// Written as botocore writes it, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomPolicy {
    resource: String,
    expires: Timestamp,
    starts: Option<Timestamp>,
    source: Option<(Ipv4Addr, u8)>,
}

impl CustomPolicy {
    /// Permits `resource` until just before `expires`. In it `*` stands for any text and `?` for one character.
    pub fn new(resource: impl Into<String>, expires: Timestamp) -> Self {
        Self { resource: resource.into(), expires, starts: None, source: None }
    }

    /// Only after this second.
    #[must_use]
    pub fn starts(mut self, starts: Timestamp) -> Self {
        self.starts = Some(starts);
        self
    }

    /// Only for viewers in `address/bits`; more than 32 bits count as 32. CloudFront knows IPv4 here and nothing else.
    #[must_use]
    pub fn source(mut self, address: Ipv4Addr, bits: u8) -> Self {
        self.source = Some((address, bits.min(32)));
        self
    }

    /// The JSON that is signed.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(text_len_max(&self.resource));
        push_start(&mut out, &self.resource, self.expires);
        if let Some((address, bits)) = self.source {
            out.push_str(",\"IpAddress\":{\"AWS:SourceIp\":\"");
            for (index, octet) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    out.push('.');
                }
                push_number(&mut out, u64::from(octet));
            }
            out.push('/');
            push_number(&mut out, u64::from(bits));
            out.push_str("\"}");
        }
        if let Some(starts) = self.starts {
            out.push_str(",\"DateGreaterThan\":");
            push_epoch(&mut out, starts);
        }
        out.push_str(END);
        out
    }
}

/// The policy that the CDN makes from a URL and its `Expires`.
pub(super) fn canned(url: &str, expires: Timestamp) -> String {
    let mut out = String::with_capacity(text_len_max(url));
    push_start(&mut out, url, expires);
    out.push_str(END);
    out
}

const END: &str = "}}]}";

/// A character beyond ASCII grows from two bytes to six.
fn text_len_max(resource: &str) -> usize {
    /// Names, numbers and brackets.
    const FIXED_LEN: usize = 256;
    let plain = crate::encode::is_plain_json(resource);
    FIXED_LEN + resource.len() * if plain { 1 } else { 6 }
}

fn push_start(out: &mut String, resource: &str, expires: Timestamp) {
    out.push_str("{\"Statement\":[{\"Resource\":");
    push_json_string(out, resource);
    out.push_str(",\"Condition\":{\"DateLessThan\":");
    push_epoch(out, expires);
}

fn push_epoch(out: &mut String, time: Timestamp) {
    out.push_str("{\"AWS:EpochTime\":");
    push_number(out, time.as_unix().unsigned_abs());
    out.push('}');
}

/// A custom policy, as the CDN reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Document {
    statement: [Statement; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Statement {
    resource: String,
    condition: Condition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Condition {
    date_less_than: Epoch,
    date_greater_than: Option<Epoch>,
    ip_address: Option<SourceIp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    #[serde(rename = "AWS:EpochTime")]
    seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceIp {
    #[serde(rename = "AWS:SourceIp")]
    range: String,
}

/// Reads a custom policy. Stricter than the CDN, which lets a policy without a resource stand for everything.
pub(super) fn parse(json: &[u8]) -> Result<CustomPolicy, UrlRefusal> {
    let malformed = |reason| UrlRefusal::Malformed { parameter: "Policy", reason };
    let document: Document = serde_json::from_slice(json).map_err(|_| {
        malformed("it must be JSON with one statement: resource, and condition with DateLessThan")
    })?;
    let [Statement { resource, condition }] = document.statement;
    let source = match condition.ip_address {
        Some(SourceIp { range }) => Some(
            parse_range(&range)
                .ok_or_else(|| malformed("its address must be IPv4, with or without /bits"))?,
        ),
        None => None,
    };
    Ok(CustomPolicy {
        resource,
        expires: Timestamp::from_unix(condition.date_less_than.seconds),
        starts: condition.date_greater_than.map(|epoch| Timestamp::from_unix(epoch.seconds)),
        source,
    })
}

fn parse_range(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    let digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let bits = bits.parse().ok().filter(|&bits: &u8| digits && bits <= 32)?;
    Some((address.parse().ok()?, bits))
}

impl CustomPolicy {
    /// Whether it permits this URL to this viewer now; when it ends, if so.
    pub(super) fn check(&self, url: &str, viewer: IpAddr, now: Timestamp) -> Result<Timestamp, UrlRefusal> {
        if !matches(self.resource.as_bytes(), url.as_bytes()) {
            return Err(UrlRefusal::OtherResource);
        }
        check_expiry(self.expires, now)?;
        if self.starts.is_some_and(|starts| now <= starts) {
            return Err(UrlRefusal::NotYetValid);
        }
        if self.source.is_some_and(|range| !contains(range, viewer)) {
            return Err(UrlRefusal::OtherViewer);
        }
        Ok(self.expires)
    }
}

pub(super) fn check_expiry(expires: Timestamp, now: Timestamp) -> Result<(), UrlRefusal> {
    if now < expires { Ok(()) } else { Err(UrlRefusal::Expired { expires }) }
}

fn contains((network, bits): (Ipv4Addr, u8), viewer: IpAddr) -> bool {
    let IpAddr::V4(viewer) = viewer.to_canonical() else { return false };
    // Shifting by all 32 bits compares none of them.
    let shift = |address: Ipv4Addr| address.to_bits().checked_shr(32 - u32::from(bits)).unwrap_or(0);
    shift(network) == shift(viewer)
}

/// Whether `text` is of the form of `pattern`. Each `*` is first taken to be empty, and longer only as far as it must:
/// never more than both lengths multiplied.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    from = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS, "Create a policy statement for a signed URL that uses a canned policy", the example.
    #[test]
    fn a_canned_policy_is_the_documented_one() {
        let url = "https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large&license=yes";
        let expected = r#"{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large&license=yes","Condition":{"DateLessThan":{"AWS:EpochTime":1357034400}}}]}"#;
        assert_eq!(canned(url, Timestamp::from_unix(1_357_034_400)), expected);
    }

    #[test]
    fn a_custom_policy_is_read_as_it_was_written() {
        let policy = CustomPolicy::new("https://*/a\"b/é?", Timestamp::from_unix(1_426_500_000))
            .starts(Timestamp::from_unix(1_426_400_000))
            .source(Ipv4Addr::new(192, 0, 2, 0), 24);
        let text = policy.text();
        assert_eq!(
            text,
            r#"{"Statement":[{"Resource":"https://*/a\"b/\u00e9?","Condition":{"DateLessThan":{"AWS:EpochTime":1426500000},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"},"DateGreaterThan":{"AWS:EpochTime":1426400000}}}]}"#
        );
        assert_eq!(parse(text.as_bytes()), Ok(policy));
    }

    /// AWS, "Create a policy statement for a signed URL that uses a custom policy", the second example, with its
    /// white space and without `/bits`.
    #[test]
    fn white_space_and_another_order_are_read_too() {
        let text = br#"{
            "Statement": [{
                "Resource": "https://*",
                "Condition": {
                    "IpAddress": {"AWS:SourceIp": "192.0.2.10"},
                    "DateGreaterThan": {"AWS:EpochTime": 1357034400},
                    "DateLessThan": {"AWS:EpochTime": 1357120800}
                }
            }]
        }"#;
        let policy = CustomPolicy::new("https://*", Timestamp::from_unix(1_357_120_800))
            .starts(Timestamp::from_unix(1_357_034_400))
            .source(Ipv4Addr::new(192, 0, 2, 10), 32);
        assert_eq!(parse(text), Ok(policy));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let with =
            |condition: &str| format!(r#"{{"Statement":[{{"Resource":"*","Condition":{condition}}}]}}"#);
        let end = r#""DateLessThan":{"AWS:EpochTime":9}"#;
        assert!(parse(with(&format!("{{{end}}}")).as_bytes()).is_ok());
        for text in [
            String::new(),
            "{}".to_owned(),
            r#"{"Statement":[]}"#.to_owned(),
            format!(r#"{{"Statement":[{{"Condition":{{{end}}}}}]}}"#),
            format!(
                r#"{{"Statement":[{{"Resource":"*","Condition":{{{end}}}}},{{"Resource":"*","Condition":{{{end}}}}}]}}"#
            ),
            with("{}"),
            with(r#"{"DateLessThan":{"AWS:EpochTime":"9"}}"#),
            with(&format!("{{{end},{end}}}")),
            with(&format!(r#"{{{end},"StringEquals":{{}}}}"#)),
            with(&format!(r#"{{{end},"IpAddress":{{"AWS:SourceIp":"::1"}}}}"#)),
            with(&format!(r#"{{{end},"IpAddress":{{"AWS:SourceIp":"1.2.3.4/33"}}}}"#)),
            with(&format!(r#"{{{end},"IpAddress":{{"AWS:SourceIp":"1.2.3.4/+8"}}}}"#)),
            with(&format!(r#"{{{end},"IpAddress":{{"AWS:SourceIp":"1.2.3.4/"}}}}"#)),
        ] {
            assert!(
                matches!(parse(text.as_bytes()), Err(UrlRefusal::Malformed { parameter: "Policy", .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn wildcards_stand_for_any_text_or_one_character() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "https://a/b?c"),
            ("https://a/*.jpg", "https://a/b/c.jpg.jpg"),
            ("a?c*", "abc"),
            ("a?c", "a?c"),
            ("**a**", "bab"),
            ("a*b*c", "a1b2b3c"),
        ] {
            assert!(matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a", "ab"),
            ("a?c", "ac"),
            ("https://a/*.jpg", "https://a/b.png"),
            ("a*b*c", "acb"),
        ] {
            assert!(!matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_is_matched_in_little_time() {
        assert!(!matches("*a".repeat(2_000).as_bytes(), "a".repeat(1_999).as_bytes()));
    }

    #[test]
    fn a_range_contains_its_addresses_and_no_other_kind() {
        let in_range =
            |bits, viewer: &str| contains((Ipv4Addr::new(192, 0, 2, 77), bits), viewer.parse().unwrap());
        assert!(in_range(24, "192.0.2.1") && in_range(32, "192.0.2.77") && in_range(0, "8.8.8.8"));
        assert!(in_range(24, "::ffff:192.0.2.1"));
        assert!(!in_range(24, "192.0.3.1") && !in_range(32, "192.0.2.76") && !in_range(0, "::1"));
    }
}
