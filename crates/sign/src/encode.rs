//! The text encodings of the protocol, appended to a buffer that the caller has sized.

use subtle::{Choice, ConstantTimeEq as _};

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";
const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

/// For each byte 1 if it stands for itself, otherwise 0.
pub(crate) struct Plain([u8; 256]);

/// What stands for itself in the path of a URI: RFC 3986's unreserved characters, and `/`.
static PLAIN_IN_PATH: Plain = Plain::new(b"-._~/");
/// What stands for itself in a query's name or value: RFC 3986's unreserved characters.
static PLAIN_IN_QUERY: Plain = Plain::new(b"-._~");
/// What stands for itself in a JSON string as Python's `json.dumps` writes it.
static PLAIN_IN_JSON: Plain = Plain::new(b" !#$%&'()*+,-./:;<=>?@[]^_`{|}~");
/// What a header's value is made of besides white space.
pub(crate) static PLAIN_IN_HEADER: Plain = Plain::new(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

impl Plain {
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated while compiling, where a panic is a compile error"
    )]
    const fn new(others: &[u8]) -> Self {
        let mut table = [0; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            // Letters and digits always.
            table[byte as usize] = byte.is_ascii_alphanumeric() as u8;
            byte += 1;
        }
        let mut at = 0;
        while at < others.len() {
            table[others[at] as usize] = 1;
            at += 1;
        }
        Self(table)
    }

    fn of(&self, byte: u8) -> u8 {
        self.0.get(usize::from(byte)).copied().unwrap_or(0)
    }

    /// Whether every byte stands for itself, as in most texts. Looking at all of them without a branch is faster than
    /// looking for the first that does not.
    pub(crate) fn all(&self, text: &str) -> bool {
        text.bytes().fold(1, |all, byte| all & self.of(byte)) == 1
    }
}

fn hex_digit(digits: &[u8; 16], nibble: u8) -> u8 {
    digits.get(usize::from(nibble & 15)).copied().unwrap_or(b'0')
}

/// Percent-encodes a query name or value: everything but RFC 3986's unreserved characters.
pub(crate) fn push_query_component(out: &mut String, text: &str) {
    push_encoded(out, text, &PLAIN_IN_QUERY);
}

/// Percent-encodes an object key once for the path. `/` stays, and nothing is normalised: S3 signs `a//b/../c` as it
/// stands.
pub(crate) fn push_path(out: &mut String, key: &str) {
    push_encoded(out, key, &PLAIN_IN_PATH);
}

fn push_encoded(out: &mut String, text: &str, plain: &Plain) {
    push_escaped(out, text, plain, |out, character| {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            out.push(char::from(hex_digit(UPPER_HEX, byte >> 4)));
            out.push(char::from(hex_digit(UPPER_HEX, byte)));
        }
    });
}

/// Appends a text whose characters either stand for themselves or are escaped.
fn push_escaped(out: &mut String, text: &str, plain: &Plain, escape: impl Fn(&mut String, char)) {
    if plain.all(text) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| plain.of(byte) == 0) {
        let Some((before, tail)) = rest.split_at_checked(at) else { break };
        out.push_str(before);
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

/// Whether a text stands in a JSON string as it is.
#[cfg(feature = "cloudfront")]
pub(crate) fn is_plain_json(text: &str) -> bool {
    PLAIN_IN_JSON.all(text)
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
    push_escaped(out, text, &PLAIN_IN_JSON, push_json_escape);
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
    // The longest u64 has 20 digits.
    let mut digits = [b'0'; 20];
    let (mut rest, mut start) = (value, digits.len());
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        if rest == 0 && start < 20 {
            break;
        }
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        start = at;
    }
    if let Some(Ok(text)) = digits.get(start..).map(str::from_utf8) {
        out.push_str(text);
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
        assert_eq!(
            written(|out| push_query_component(out, "a/b=c&d_e.f-g~h +")),
            "a%2Fb%3Dc%26d_e.f-g~h%20%2B"
        );
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
