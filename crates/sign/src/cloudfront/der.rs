//! As much of DER (ITU-T X.690) as it takes to see what a key is.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// The first part that a structure may have or not, explicitly tagged.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// What is left to read of a structure.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&[found, first], mut rest) = self.0.split_first_chunk::<2>()?;
        if found != tag {
            return None;
        }
        let mut len = usize::from(first);
        if first >= 0x80 {
            // No key has more than 64 KiB.
            let digits = usize::from(first & 0x7f);
            if !(1..=2).contains(&digits) {
                return None;
            }
            let (bytes, tail) = rest.split_at_checked(digits)?;
            len = bytes.iter().fold(0, |len, &byte| len << 8 | usize::from(byte));
            rest = tail;
        }
        let (content, tail) = rest.split_at_checked(len)?;
        self.0 = tail;
        Some(content)
    }

    /// The next element, which is a structure itself.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Der)
    }

    /// A whole number that is not negative, without the zero byte that says so.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.take(INTEGER)? {
            [0, digits @ ..] if !digits.is_empty() => Some(digits),
            digits => digits.first().is_some_and(|&first| first < 0x80).then_some(digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_by_their_tag_and_length() {
        let mut der = Der(&[SEQUENCE, 0x81, 0x05, INTEGER, 2, 0, 0x80, 0x05, 0x04, 1, 9]);
        let mut inner = der.enter(SEQUENCE).unwrap();
        assert_eq!(inner.unsigned(), Some(&[0x80][..]));
        assert_eq!(inner.0, [0x05]);
        assert_eq!(der.take(OCTET_STRING), Some(&[9][..]));
        assert!(der.0.is_empty());
    }

    #[test]
    fn what_is_cut_short_too_long_or_negative_is_no_element() {
        for bytes in
            [&[][..], &[INTEGER], &[INTEGER, 2, 1], &[INTEGER, 0x80, 1], &[INTEGER, 0x83, 0, 0, 1, 1]]
        {
            assert_eq!(Der(bytes).take(INTEGER), None, "{bytes:?}");
        }
        assert_eq!(Der(&[INTEGER, 1, 0x80]).unsigned(), None);
        assert_eq!(Der(&[INTEGER, 0]).unsigned(), None);
    }
}
