//! SHA-256 and HMAC over texts that are given in pieces.
//!
//! The compression function is `sha2`'s. What is done here is to gather the pieces into one buffer that already has
//! the shape of its blocks, so that they are compressed all at once and nothing is copied twice: the texts to sign
//! are so short that this bookkeeping, done in general, costs nearly half as much as the hashing.
//!
//! Source: FIPS 180-4 (SHA-256), RFC 2104 (HMAC).

use sha2::block_api::compress256;
use zeroize::Zeroizing;

type State = [u32; 8];

const BLOCK_LEN: usize = 64;

/// FIPS 180-4, 5.3.3.
const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A hash that takes pieces and gathers `BLOCKS` blocks of them, at least two, before it compresses any. It hashes
/// texts of every length; it is fast on those that fit.
pub(crate) struct Sha256<const BLOCKS: usize> {
    state: State,
    /// How many bytes are in `state`.
    compressed_len: u64,
    buffer: [[u8; BLOCK_LEN]; BLOCKS],
    /// How many bytes are in `buffer`.
    len: usize,
}

impl<const BLOCKS: usize> Sha256<BLOCKS> {
    pub(crate) fn new() -> Self {
        Self::resume(INITIAL, 0)
    }

    fn resume(state: State, compressed_len: u64) -> Self {
        Self { state, compressed_len, buffer: [[0; BLOCK_LEN]; BLOCKS], len: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, piece: impl AsRef<[u8]>) {
        let piece = piece.as_ref();
        match self.buffer.as_flattened_mut().get_mut(self.len..).and_then(|free| free.get_mut(..piece.len()))
        {
            Some(slot) => {
                slot.copy_from_slice(piece);
                self.len += piece.len();
            }
            None => self.push_long(piece),
        }
    }

    /// Takes a piece for which the buffer has no room.
    fn push_long(&mut self, piece: &[u8]) {
        let to_whole_block = (BLOCK_LEN - self.len % BLOCK_LEN) % BLOCK_LEN;
        let (head, tail) = piece.split_at_checked(to_whole_block).unwrap_or((piece, &[]));
        if let Some(slot) = self.buffer.as_flattened_mut().get_mut(self.len..self.len + head.len()) {
            slot.copy_from_slice(head);
            self.len += head.len();
        }
        self.compress_buffer();
        let (blocks, rest) = tail.as_chunks();
        compress256(&mut self.state, blocks);
        self.compressed_len += (tail.len() - rest.len()) as u64;
        for (slot, byte) in self.buffer.as_flattened_mut().iter_mut().skip(self.len).zip(rest) {
            *slot = *byte;
        }
        self.len += rest.len();
    }

    /// Compresses the whole blocks of the buffer and keeps what is left over.
    fn compress_buffer(&mut self) {
        let whole = self.len / BLOCK_LEN;
        compress256(&mut self.state, self.buffer.get(..whole).unwrap_or_default());
        let whole_len = whole * BLOCK_LEN;
        self.compressed_len += whole_len as u64;
        self.buffer.as_flattened_mut().copy_within(whole_len..self.len, 0);
        self.len -= whole_len;
    }

    /// The digest of all pieces. The hash is used up.
    pub(crate) fn finish(&mut self) -> [u8; 32] {
        /// A one bit, and the length in bits as a 64-bit number.
        const PADDING_LEN_MIN: usize = 9;
        if self.len + PADDING_LEN_MIN > BLOCKS * BLOCK_LEN {
            self.compress_buffer();
        }
        let bits = (self.compressed_len + self.len as u64) * 8;
        let blocks =
            self.buffer.get_mut(..(self.len + PADDING_LEN_MIN).div_ceil(BLOCK_LEN)).unwrap_or_default();
        let bytes = blocks.as_flattened_mut();
        if let Some((one, zeros)) = bytes.get_mut(self.len..).and_then(<[u8]>::split_first_mut) {
            *one = 0x80;
            zeros.fill(0);
        }
        if let Some(end) = bytes.last_chunk_mut() {
            *end = bits.to_be_bytes();
        }
        compress256(&mut self.state, blocks);
        digest_of(&self.state)
    }
}

fn digest_of(state: &State) -> [u8; 32] {
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}

/// HMAC-SHA256 with its key already absorbed, which saves two blocks of every signature.
#[derive(Clone)]
pub(crate) struct HmacKey {
    inner: Zeroizing<State>,
    outer: Zeroizing<State>,
}

impl HmacKey {
    /// The key is given in pieces. One longer than a block is hashed first.
    pub(crate) fn new(pieces: &[&[u8]]) -> Self {
        let mut key = Zeroizing::new([0; BLOCK_LEN]);
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > BLOCK_LEN {
            let mut hash = Sha256::<2>::new();
            for piece in pieces {
                hash.push(piece);
            }
            fill(&mut key, &hash.finish());
        } else {
            fill(&mut key, pieces.iter().copied().flatten());
        }
        let absorb = |pad: u8| {
            let mut state = Zeroizing::new(INITIAL);
            compress256(&mut state, &[key.map(|byte| byte ^ pad)]);
            state
        };
        Self { inner: absorb(0x36), outer: absorb(0x5c) }
    }

    /// An HMAC that takes pieces: end it with [`HmacKey::finish`].
    pub(crate) fn start<const BLOCKS: usize>(&self) -> Sha256<BLOCKS> {
        Sha256::resume(*self.inner, BLOCK_LEN as u64)
    }

    /// The HMAC of what a hash from [`HmacKey::start`] has taken.
    pub(crate) fn finish<const BLOCKS: usize>(&self, hash: &mut Sha256<BLOCKS>) -> [u8; 32] {
        let mut block = [0; BLOCK_LEN];
        // The digest, a one bit, and the bits of the key's block and of the digest.
        fill(&mut block, hash.finish().iter().chain(&[0x80]));
        if let Some(end) = block.last_chunk_mut() {
            *end = ((BLOCK_LEN as u64 + 32) * 8).to_be_bytes();
        }
        let mut state = *self.outer;
        compress256(&mut state, &[block]);
        digest_of(&state)
    }

    /// The HMAC of one text.
    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut hash = self.start::<2>();
        hash.push(text);
        self.finish(&mut hash)
    }
}

fn fill<'a>(block: &mut [u8; BLOCK_LEN], bytes: impl IntoIterator<Item = &'a u8>) {
    for (slot, byte) in block.iter_mut().zip(bytes) {
        *slot = *byte;
    }
}

#[cfg(test)]
mod tests {
    use hmac::{KeyInit as _, Mac as _};
    use proptest::{collection::vec, prelude::*};
    use sha2::Digest as _;

    use super::*;

    /// Through a buffer of two blocks and through one of fourteen.
    fn hash_of(pieces: &[Vec<u8>]) -> [u8; 32] {
        let (mut short, mut long) = (Sha256::<2>::new(), Sha256::<14>::new());
        for piece in pieces {
            short.push(piece);
            long.push(piece);
        }
        let digest = short.finish();
        assert_eq!(long.finish(), digest);
        digest
    }

    #[test]
    fn texts_of_every_length_up_to_several_buffers_hash_as_sha2_hashes_them() {
        let text: Vec<u8> = (0..3000_u32).map(|at| at.to_le_bytes()[0]).collect();
        for end in 0..text.len() {
            let expected: [u8; 32] = sha2::Sha256::digest(&text[..end]).into();
            assert_eq!(hash_of(&[text[..end].to_vec()]), expected, "{end} bytes");
            let halves = [text[..end / 2].to_vec(), text[end / 2..end].to_vec()];
            assert_eq!(hash_of(&halves), expected, "{end} bytes in halves");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn texts_in_any_pieces_hash_as_sha2_hashes_them(pieces in vec(vec(any::<u8>(), 0..1200), 0..12)) {
            let expected: [u8; 32] = sha2::Sha256::digest(pieces.concat()).into();
            prop_assert_eq!(hash_of(&pieces), expected);
        }

        #[test]
        fn an_hmac_under_any_key_is_that_of_the_hmac_crate(
            key in vec(any::<u8>(), 0..200),
            text in vec(any::<u8>(), 0..2000),
        ) {
            let expected: [u8; 32] =
                hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap().chain_update(&text).finalize().into_bytes().into();
            let (left, right) = key.split_at(key.len() / 3);
            prop_assert_eq!(HmacKey::new(&[left, right]).sign(&text), expected);
        }
    }
}
