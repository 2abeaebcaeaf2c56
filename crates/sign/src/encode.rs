//! The text encodings of the protocol, appended to a buffer that the caller has sized.

use subtle::{Choice, ConstantTimeEq as _};

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";
const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

/// RFC 3986's unreserved characters: those that stand for themselves in a URI component.
fn is_unreserved(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26
        || byte.wrapping_sub(b'0') < 10
        || byte == b'-'
        || byte == b'.'
        || byte == b'_'
        || byte == b'~'
}

/// Whether all bytes pass. Most texts need no encoding at all, and counting sees that many bytes at a time, which a
/// search that stops at the first hit cannot.
pub(crate) fn all(text: &str, passes: impl Fn(u8) -> bool) -> bool {
    text.bytes().filter(|byte| !passes(*byte)).count() == 0
}

fn hex_digit(digits: &[u8; 16], nibble: u8) -> u8 {
    digits.get(usize::from(nibble & 15)).copied().unwrap_or(b'0')
}

/// Percent-encodes a query name or value: everything but RFC 3986's unreserved characters.
pub(crate) fn push_query_component(out: &mut String, text: &str) {
    push_encoded(out, text, is_unreserved);
}

/// Percent-encodes an object key once for the path. `/` stays, and nothing is normalised: S3 signs `a//b/../c` as it
/// stands.
pub(crate) fn push_path(out: &mut String, key: &str) {
    push_encoded(out, key, |byte| byte == b'/' || is_unreserved(byte));
}

fn push_encoded(out: &mut String, text: &str, stands_for_itself: impl Fn(u8) -> bool) {
    push_escaped(out, text, stands_for_itself, |out, character| {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            out.push(char::from(hex_digit(UPPER_HEX, byte >> 4)));
            out.push(char::from(hex_digit(UPPER_HEX, byte)));
        }
    });
}

/// Appends a text whose characters either stand for themselves or are escaped.
fn push_escaped(
    out: &mut String,
    text: &str,
    stands_for_itself: impl Fn(u8) -> bool,
    escape: impl Fn(&mut String, char),
) {
    if all(text, &stands_for_itself) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !stands_for_itself(byte)) {
        let Some((plain, tail)) = rest.split_at_checked(at) else { break };
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(character) = tail.next() {
            escape(out, character);
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
}

/// Lower-case hexadecimal of a SHA-256 digest.
pub(crate) fn hex(digest: &[u8; 32]) -> [u8; 64] {
    let mut out = [0; 64];
    for (pair, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        *pair = [byte >> 4, byte & 15];
    }
    // Computed rather than looked up, so that it is done many digits at a time.
    out.map(|nibble| nibble + b'0' + if nibble > 9 { b'a' - b'9' - 1 } else { 0 })
}

/// Appends lower-case hexadecimal of a SHA-256 digest.
pub(crate) fn push_hex(out: &mut String, digest: &[u8; 32]) {
    // Hexadecimal digits are always UTF-8; checking 64 bytes at once is cheaper than pushing them one by one.
    if let Ok(text) = str::from_utf8(&hex(digest)) {
        out.push_str(text);
    }
}

/// Whether `text` is the lower-case hexadecimal of `digest`, in a time that depends on neither.
pub(crate) fn is_hex_of(text: &str, digest: &[u8; 32]) -> Choice {
    text.as_bytes().ct_eq(&hex(digest))
}

/// Appends a JSON string with its quotes: see [`push_json_text`].
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    push_json_text(out, text);
    out.push('"');
}

/// Appends the inside of a JSON string exactly as Python's `json.dumps` writes it: printable ASCII only, everything else as `\uXXXX` with
/// surrogate pairs, lower-case digits, the short escapes of RFC 8259 except `\/`.
pub(crate) fn push_json_text(out: &mut String, text: &str) {
    let stands_for_itself =
        |byte: u8| byte.wrapping_sub(b' ') <= b'~' - b' ' && byte != b'"' && byte != b'\\';
    push_escaped(out, text, stands_for_itself, push_json_escape);
}

fn push_json_escape(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                for byte in unit.to_be_bytes() {
                    out.push(char::from(hex_digit(LOWER_HEX, byte >> 4)));
                    out.push(char::from(hex_digit(LOWER_HEX, byte)));
                }
            }
        }
    }
}

/// Appends a decimal number without an allocation of its own.
pub(crate) fn push_number(out: &mut String, value: u64) {
    let mut divisor = 1;
    while value / divisor >= 10 {
        divisor *= 10;
    }
    while divisor > 0 {
        let digit = u8::try_from(value / divisor % 10).unwrap_or(0);
        out.push(char::from(b'0' + digit));
        divisor /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn a_key_is_encoded_once_and_never_normalised() {
        let path = written(|out| push_path(out, "//a/../b/./ +[é]%20~\u{1f4f7}"));
        assert_eq!(path, "//a/../b/./%20%2B%5B%C3%A9%5D%2520~%F0%9F%93%B7");
    }

    #[test]
    fn a_query_component_encodes_slashes_too() {
        assert_eq!(written(|out| push_query_component(out, "a/b=c&d_e.f-g~h")), "a%2Fb%3Dc%26d_e.f-g~h");
    }

    #[test]
    fn json_strings_are_ascii_with_surrogate_pairs() {
        let json = written(|out| push_json_string(out, "a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}é\u{1f4f7}"));
        assert_eq!(json, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u00e9\\ud83d\\udcf7\"");
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for value in [0, 9, 10, 604_800, u64::MAX] {
            assert_eq!(written(|out| push_number(out, value)), value.to_string());
        }
    }

    #[test]
    fn hexadecimal_is_compared_whole() {
        let text = written(|out| push_hex(out, &[0xa5; 32]));
        assert_eq!(text, "a5".repeat(32));
        assert!(bool::from(is_hex_of(&text, &[0xa5; 32])));
        assert!(!bool::from(is_hex_of(&text[..62], &[0xa5; 32])));
        assert!(!bool::from(is_hex_of(&text.to_uppercase(), &[0xa5; 32])));
    }
}
