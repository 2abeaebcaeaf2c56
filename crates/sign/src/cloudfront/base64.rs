//! CloudFront's own base64: the standard one, with `-` for `+`, `_` for `=` and `~` for `/`.

use base64_simd::STANDARD;

/// Appends the encoding of `bytes`.
pub(super) fn push(out: &mut String, bytes: &[u8]) {
    let start = out.len();
    // Written into the string's own buffer, and then brought from the standard alphabet to CloudFront's.
    let mut buffer = std::mem::take(out).into_bytes();
    buffer.resize(start + STANDARD.encoded_length(bytes.len()), 0);
    if let Some(space) = buffer.get_mut(start..) {
        let _ = STANDARD.encode(bytes, base64_simd::Out::from_slice(space));
        for byte in space {
            *byte = match *byte {
                b'+' => b'-',
                b'=' => b'_',
                b'/' => b'~',
                other => other,
            };
        }
    }
    // What was a string and letters behind it is one again.
    *out = String::from_utf8(buffer).unwrap_or_default();
}

/// How many bytes [`push`] appends.
pub(super) fn encoded_len(bytes: usize) -> usize {
    STANDARD.encoded_length(bytes)
}

/// Reads what [`push`] wrote; the standard alphabet's own `+`, `/` and `=` are refused.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| matches!(byte, b'+' | b'/' | b'=')) {
        return None;
    }
    let standard: Vec<u8> = text
        .bytes()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'=',
            b'~' => b'/',
            other => other,
        })
        .collect();
    STANDARD.decode_to_vec(standard).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_characters_are_others_than_in_the_standard_alphabet() {
        for (bytes, text) in
            [(&b""[..], ""), (b"\xfb\xff\xbf", "-~-~"), (b"\xff", "~w__"), (b"ab", "YWI_"), (b"abc", "YWJj")]
        {
            let mut out = String::from("ü=");
            push(&mut out, bytes);
            assert_eq!(out, format!("ü={text}"));
            assert_eq!(out.len(), "ü=".len() + encoded_len(bytes.len()));
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn only_the_one_way_to_write_some_bytes_is_read() {
        for text in ["YWI=", "YWI", "YWJ_", "+/+/", "YW I_", "YWI_\n", "____", "Y"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
