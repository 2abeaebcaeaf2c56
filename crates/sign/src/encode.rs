//! The text encodings of the protocol, appended to a buffer that the caller has sized.

use subtle::{Choice, ConstantTimeEq as _};

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";
const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

/// Which bytes stand for themselves in a URI component: RFC 3986's unreserved characters.
#[expect(clippy::indexing_slicing, reason = "evaluated while compiling, where a panic is a compile error")]
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            table[byte as usize] = true;
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

fn is_unreserved(byte: u8) -> bool {
    UNRESERVED.get(usize::from(byte)).copied().unwrap_or(false)
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
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !stands_for_itself(byte)) {
        let Some((plain, tail)) = rest.split_at_checked(at) else { break };
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(character) = tail.next() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                out.push('%');
                out.push(char::from(hex_digit(UPPER_HEX, byte >> 4)));
                out.push(char::from(hex_digit(UPPER_HEX, byte)));
            }
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
}

/// Lower-case hexadecimal of a SHA-256 digest.
pub(crate) fn hex(digest: &[u8; 32]) -> [u8; 64] {
    let mut out = [0; 64];
    for (pair, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        *pair = [hex_digit(LOWER_HEX, byte >> 4), hex_digit(LOWER_HEX, *byte)];
    }
    out
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

/// Appends a JSON string exactly as Python's `json.dumps` writes it: printable ASCII only, everything else as `\uXXXX` with
/// surrogate pairs, lower-case digits, the short escapes of RFC 8259 except `\/`.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) =
        rest.bytes().position(|byte| !(b' '..=b'~').contains(&byte) || matches!(byte, b'"' | b'\\'))
    {
        let Some((plain, tail)) = rest.split_at_checked(at) else { break };
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(character) = tail.next() {
            push_json_escape(out, character);
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
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
