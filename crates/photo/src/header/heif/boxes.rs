//! Reading boxes (ISO/IEC 14496-12, 4.2).

/// Reads big-endian numbers until the bytes end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*array)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number of 0, 4 or 8 bytes, as the location box has them.
    pub(super) fn sized(&mut self, bytes: u8) -> Option<u64> {
        match bytes {
            0 => Some(0),
            4 => self.u32().map(u64::from),
            8 => self.array().map(u64::from_be_bytes),
            _ => None,
        }
    }

    /// An item's number, of two bytes or four.
    pub(super) fn id(&mut self, long: bool) -> Option<u32> {
        if long { self.u32() } else { self.u16().map(u32::from) }
    }

    /// The version of a full box; its flags are skipped.
    pub(super) fn version(&mut self) -> Option<u8> {
        self.array::<4>().map(|[version, ..]| version)
    }
}

/// Kind and body of each box, until the bytes end or a box is longer than they are.
#[derive(Clone, Debug)]
pub(super) struct Boxes<'a>(pub(super) Reader<'a>);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = self.0.u32()?;
        let kind = self.0.array()?;
        let body = match length {
            0 => self.0.take(self.0.rest.len())?,
            1 => {
                let length = usize::try_from(self.0.sized(8)?).ok()?;
                self.0.take(length.checked_sub(16)?)?
            }
            _ => self.0.take((length as usize).checked_sub(8)?)?,
        };
        Some((kind, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_boxes_never_reach_beyond_their_parent() {
        let kinds = |bytes: &[u8]| {
            Boxes(Reader::new(bytes)).map(|(kind, body)| (kind, body.len())).collect::<Vec<_>>()
        };
        assert_eq!(kinds(b"\0\0\0\x0Aaaaa12\0\0\0\x08bbbb"), [(*b"aaaa", 2), (*b"bbbb", 0)]);
        assert_eq!(kinds(b"\0\0\0\0aaaa123"), [(*b"aaaa", 3)]);
        assert_eq!(kinds(b"\0\0\0\x01aaaa\0\0\0\0\0\0\0\x111"), [(*b"aaaa", 1)]);
        for bytes in [b"\0\0\0\x07aaaa".as_slice(), b"\0\0\0\x09aaaa", b"\xFF\xFF\xFF\xFFaaaa1234", b"\0\0\0"]
        {
            assert_eq!(kinds(bytes), []);
        }
        assert_eq!(kinds(b"\0\0\0\x01aaaa\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), []);
        assert_eq!(kinds(b"\0\0\0\x01aaaa\0\0\0\0\0\0\0\x0F"), []);
    }
}
