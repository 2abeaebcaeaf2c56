//! The chunks of a PNG (PNG, third edition, W3C 2025, clauses 5 and 11).

use std::borrow::Cow;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::{Detail, Header};
use crate::limits::Limits;
use crate::rejection::Rejection;
use crate::resize;
use crate::sniff::Format;

/// A byte of deflated data stands for at most this many (RFC 1951: 258 bytes by two bits).
const INFLATION_MAX: u64 = 1032;

/// The image header (11.2.1).
#[derive(Clone, Copy, Debug)]
struct ImageHeader {
    width: u32,
    height: u32,
    bits: u8,
    colour: u8,
    interlaced: bool,
}

pub(super) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Header<'a>, Rejection> {
    let mut chunks = Chunks { rest: bytes.get(8..).unwrap_or_default() };
    let image = match chunks.next() {
        Some((b"IHDR", body)) => read_image_header(body)?,
        Some(_) => return Err(Rejection::Corrupt { detail: "its image header does not come first" }),
        None => return Err(Rejection::Truncated),
    };
    limits.check_size(image.width, image.height)?;
    let (mut exif, mut icc, mut data) = (None, None, 0_u64);
    for (kind, body) in chunks {
        match kind {
            b"eXIf" => exif = Some(Cow::Borrowed(body)),
            // Only the first one counts, readable or not: each takes as long to inflate as the limit allows.
            b"iCCP" if icc.is_none() => icc = Some(inflate_profile(body, limits)?.map(Cow::Owned)),
            b"IDAT" => data += body.len() as u64,
            b"IEND" => break,
            _ => {}
        }
    }
    let icc: Option<Cow<[u8]>> = icc.flatten();
    let profile_bytes = icc.as_ref().map_or(0, |icc| icc.len()) as u64;
    let row = image.row_bytes();
    if data * INFLATION_MAX < row * u64::from(image.height) / 4 * 3 {
        return Err(if data == 0 { Rejection::Truncated } else { too_little() });
    }
    // The picture, and once more as it was stored if interlaced, or what it is made small with; a few rows beside it.
    let pixels = u64::from(image.width) * u64::from(image.height);
    let stored = if image.interlaced { pixels * 4 } else { 0 };
    let beside = stored.max(resize::memory_bytes(image.width, image.height));
    Ok(Header {
        format: Format::Png,
        width: image.width,
        height: image.height,
        memory_bytes: pixels * 3 + beside + row * 8 + profile_bytes,
        exif,
        icc,
        orientation: None,
        detail: Detail::Png { interlaced: image.interlaced },
    })
}

fn too_little() -> Rejection {
    Rejection::Corrupt { detail: "it has too little data for its size" }
}

impl ImageHeader {
    /// A row as it is inflated, with the byte that names its filter.
    fn row_bytes(self) -> u64 {
        let channels = match self.colour {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        };
        (u64::from(self.width) * channels * u64::from(self.bits)).div_ceil(8) + 1
    }
}

fn read_image_header(body: &[u8]) -> Result<ImageHeader, Rejection> {
    let corrupt = Rejection::Corrupt { detail: "its image header contradicts itself" };
    let Some((size, rest)) = body.split_first_chunk::<8>() else { return Err(corrupt) };
    let [w3, w2, w1, w0, h3, h2, h1, h0] = *size;
    let &[bits, colour, 0, 0, interlaced @ (0 | 1)] = rest else { return Err(corrupt) };
    if !matches!((colour, bits), (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) | (2 | 4 | 6, 8 | 16)) {
        return Err(corrupt);
    }
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    Ok(ImageHeader { width, height, bits, colour, interlaced: interlaced == 1 })
}

/// A name, a zero, the method, and the deflated profile (11.3.2.3). One that cannot be inflated is none; one that
/// inflates beyond the limit is an attack.
fn inflate_profile(body: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Rejection> {
    let name = body.iter().take(80).position(|byte| *byte == 0);
    let Some(deflated) = name.and_then(|name| body.get(name + 2..)) else { return Ok(None) };
    match decompress_to_vec_zlib_with_limit(deflated, limits.icc_bytes_max) {
        Ok(icc) => Ok(Some(icc)),
        Err(error) if error.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
            Err(Rejection::ColourProfileTooLarge { max: limits.icc_bytes_max })
        }
        Err(_) => Ok(None),
    }
}

/// Kind and body of each chunk; the last may be cut off.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let (body, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        // The checksum is the decoder's business.
        self.rest = rest.get(4..).unwrap_or_default();
        Some((kind, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [length.as_slice(), kind, body, &[0; 4]].concat()
    }

    /// A header, these chunks, and some data.
    fn png(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = chunk(b"IHDR", &[size.as_slice(), &[8, 2, 0, 0, 0]].concat());
        let data = chunk(b"IDAT", &[0; 100]);
        [b"\x89PNG\r\n\x1A\n".as_slice(), &header, &chunks.concat(), &data, &chunk(b"IEND", b"")].concat()
    }

    fn code(bytes: &[u8]) -> &'static str {
        read(bytes, &Limits::default()).unwrap_err().code()
    }

    #[test]
    fn size_profile_and_exif_are_found() {
        let deflated = miniz_oxide::deflate::compress_to_vec_zlib(b"a profile", 6);
        let profile = chunk(b"iCCP", &[b"name\0\0".as_slice(), &deflated].concat());
        let bytes = png(40, 30, &[profile, chunk(b"eXIf", b"MM\0*")]);
        let header = read(&bytes, &Limits::default()).unwrap();
        assert_eq!((header.width, header.height), (40, 30));
        assert_eq!(header.icc.as_deref(), Some(b"a profile".as_slice()));
        assert_eq!(header.exif.as_deref(), Some(b"MM\0*".as_slice()));
    }

    #[test]
    fn a_profile_that_inflates_without_end_is_refused() {
        let deflated = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 5 << 20], 9);
        assert!(deflated.len() < 10_000);
        let profile = chunk(b"iCCP", &[b"name\0\0".as_slice(), &deflated].concat());
        assert_eq!(code(&png(40, 30, &[profile])), "colour_profile_too_large");
    }

    #[test]
    fn a_profile_that_is_broken_is_none() {
        for body in [b"".as_slice(), b"name", b"name\0", b"name\0\0", b"name\0\0garbage"] {
            let bytes = png(40, 30, &[chunk(b"iCCP", body)]);
            assert!(read(&bytes, &Limits::default()).unwrap().icc.is_none());
        }
    }

    #[test]
    fn only_the_first_profile_counts_readable_or_not() {
        let readable = |profile: &[u8]| {
            let deflated = miniz_oxide::deflate::compress_to_vec_zlib(profile, 6);
            chunk(b"iCCP", &[b"name\0\0".as_slice(), &deflated].concat())
        };
        let icc = |chunks: &[Vec<u8>]| {
            let bytes = png(40, 30, chunks);
            read(&bytes, &Limits::default()).unwrap().icc.map(Cow::into_owned)
        };
        assert_eq!(icc(&[readable(b"first"), readable(b"second")]), Some(b"first".to_vec()));
        assert_eq!(icc(&[chunk(b"iCCP", b"name\0\0garbage"), readable(b"second")]), None);
    }

    #[test]
    fn sizes_that_no_data_could_fill_are_refused() {
        assert_eq!(code(&png(50_000, 50_000, &[])), "too_many_pixels");
        assert_eq!(code(&png(10_000, 10_000, &[])), "corrupt");
        assert_eq!(code(&png(0, 10, &[])), "corrupt");
        assert_eq!(code(&png(u32::MAX, u32::MAX, &[])), "too_many_pixels");
        assert!(read(&png(180, 180, &[]), &Limits::default()).is_ok());
    }

    #[test]
    fn any_cut_is_a_header_or_a_refusal() {
        let bytes = png(40, 30, &[chunk(b"eXIf", b"MM\0*"), chunk(b"tEXt", &[1; 50])]);
        for end in 8..bytes.len() {
            let _ = read(&bytes[..end], &Limits::default());
        }
        assert_eq!(read(&bytes[..8], &Limits::default()).unwrap_err(), Rejection::Truncated);
    }
}
