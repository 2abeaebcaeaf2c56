//! The text form of keys (RFC 7468), as openssl and AWS's console write them.

use base64_simd::STANDARD;
use zeroize::Zeroizing;

/// One block of a PEM file.
pub(super) struct Block<'a> {
    /// What it says to be, such as `PRIVATE KEY`.
    pub(super) label: &'a str,
    /// Its lines, as they stand.
    body: &'a str,
}

impl Block<'_> {
    /// Whether a passphrase is needed: PKCS#8 says it in its label, the older form in a header (RFC 1421).
    pub(super) fn is_encrypted(&self) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY" || self.body.contains("ENCRYPTED")
    }

    /// The bytes within. They may be secret, so they are wiped.
    pub(super) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.body.len()));
        text.extend(self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        STANDARD.decode_to_vec(&*text).ok().map(Zeroizing::new)
    }
}

/// The blocks of a file in their order. Text around them means nothing.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    const BEGIN: &str = "-----BEGIN ";
    const DASHES: &str = "-----";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once(BEGIN) {
        let Some((label, tail)) = tail.split_once(DASHES) else { break };
        let end = format!("-----END {label}{DASHES}");
        let Some((body, tail)) = tail.split_once(end.as_str()) else { break };
        found.push(Block { label, body });
        rest = tail;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_between_other_text_and_with_any_line_ends() {
        let text = "Bag Attributes\n-----BEGIN EC PARAMETERS-----\r\nBggq\r\n-----END EC PARAMETERS-----\n\
                    \n-----BEGIN PRIVATE KEY-----\nYW\n Jj\n-----END PRIVATE KEY-----";
        let blocks = blocks(text);
        assert_eq!(
            blocks.iter().map(|block| block.label).collect::<Vec<_>>(),
            ["EC PARAMETERS", "PRIVATE KEY"]
        );
        assert_eq!(blocks[1].decode().unwrap().as_slice(), b"abc");
    }

    #[test]
    fn a_block_without_its_end_is_none() {
        for text in
            ["", "-----BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PUBLIC KEY-----"]
        {
            assert!(blocks(text).is_empty(), "{text}");
        }
    }
}
