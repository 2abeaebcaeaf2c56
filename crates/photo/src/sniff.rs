//! What a file is, by its first bytes: never by its name or its declared type.

use crate::rejection::Rejection;

/// The formats that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// ITU-T T.81.
    Jpeg,
    /// PNG, third edition (W3C 2025).
    Png,
    /// RFC 9649.
    Webp,
    /// The 87a and 89a versions.
    Gif,
    /// ISO/IEC 23008-12 with HEVC pictures.
    Heic,
    /// ISO/IEC 23008-12 with AV1 pictures.
    Avif,
}

impl Format {
    /// A name for records and metrics: lower case, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Heic => "heic",
            Self::Avif => "avif",
        }
    }
}

/// Brands of ISO/IEC 14496-12 files, major or compatible, by what they promise.
const HEIC_BRANDS: [&[u8; 4]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

pub(crate) fn sniff(bytes: &[u8]) -> Result<Format, Rejection> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::Webp),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => sniff_brands(bytes),
        _ => Err(refuse(bytes)),
    }
}

/// The file type box lists a major brand, a version and compatible brands (ISO/IEC 14496-12, 4.3).
fn sniff_brands(bytes: &[u8]) -> Result<Format, Rejection> {
    let length = bytes.first_chunk::<4>().map_or(0, |length| u32::from_be_bytes(*length) as usize);
    let body = bytes.get(8..length.clamp(8, 256).min(bytes.len())).unwrap_or_default();
    let mut brands: Vec<&[u8]> = body.chunks_exact(4).collect();
    if brands.len() > 1 {
        brands.remove(1);
    }
    let any =
        |wanted: &[&[u8; 4]]| brands.iter().any(|brand| wanted.iter().any(|name| *brand == name.as_slice()));
    // `mif1` stands in AVIF files too, so AVIF is asked first.
    if any(&[b"avif", b"avis"]) {
        return Ok(Format::Avif);
    }
    if any(&HEIC_BRANDS) {
        return Ok(Format::Heic);
    }
    let format = if any(&[b"crx "]) { "Canon raw" } else { "of a video" };
    Err(Rejection::FormatUnsupported { format })
}

fn refuse(bytes: &[u8]) -> Rejection {
    match bytes {
        [b'I', b'I', 0x2A | 0x2B, 0, ..] | [b'M', b'M', 0, 0x2A | 0x2B, ..] => {
            Rejection::FormatUnsupported { format: "TIFF or camera raw" }
        }
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Rejection::FormatUnsupported { format: "BMP" },
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => {
            Rejection::FormatUnsupported { format: "JPEG XL" }
        }
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => {
            Rejection::FormatUnsupported { format: "JPEG 2000" }
        }
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Rejection::FormatUnsupported { format: "of a video" },
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Rejection::NotAPhoto { found: Some("a ZIP archive") },
        [b'%', b'P', b'D', b'F', ..] => Rejection::NotAPhoto { found: Some("a PDF document") },
        _ => Rejection::NotAPhoto { found: markup(bytes) },
    }
}

/// Web pages come from networks that want a sign-in; SVG is a program rather than a photo.
fn markup(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if start.first() != Some(&b'<') {
        return None;
    }
    let head = start.get(..start.len().min(1024)).unwrap_or_default().to_ascii_lowercase();
    if memchr::memmem::find(&head, b"<svg").is_some() {
        return Some("an SVG drawing");
    }
    let page = [b"<!doctype html".as_slice(), b"<html", b"<head", b"<body", b"<script"];
    page.iter().any(|tag| memchr::memmem::find(&head, tag).is_some()).then_some("a web page")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ftyp(brands: &[&[u8; 4]]) -> Vec<u8> {
        let length = u32::try_from(12 + 4 * brands.len()).unwrap();
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend_from_slice(b"ftyp");
        bytes.extend_from_slice(brands[0].as_slice());
        bytes.extend_from_slice(&[0; 4]);
        brands[1..].iter().for_each(|brand| bytes.extend_from_slice(brand.as_slice()));
        bytes
    }

    #[test]
    fn formats_are_recognised_by_their_bytes() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE0\0\x10JFIF"), Ok(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"), Ok(Format::Png));
        assert_eq!(sniff(b"GIF89a\x01\0"), Ok(Format::Gif));
        assert_eq!(sniff(b"RIFF\0\0\0\0WEBPVP8 "), Ok(Format::Webp));
        assert_eq!(sniff(&ftyp(&[b"heic", b"mif1"])), Ok(Format::Heic));
        assert_eq!(sniff(&ftyp(&[b"mif1", b"heic"])), Ok(Format::Heic));
        assert_eq!(sniff(&ftyp(&[b"mif1", b"miaf", b"avif"])), Ok(Format::Avif));
    }

    #[test]
    fn what_is_no_photo_is_named() {
        let found = |bytes: &[u8]| match sniff(bytes) {
            Err(Rejection::NotAPhoto { found }) => found,
            other => panic!("{other:?}"),
        };
        assert_eq!(found(b"<!DOCTYPE html><html>"), Some("a web page"));
        assert_eq!(found(b"\xEF\xBB\xBF \n<HTML>"), Some("a web page"));
        assert_eq!(found(b"<?xml version='1.0'?><svg xmlns='x'>"), Some("an SVG drawing"));
        assert_eq!(found(b"PK\x03\x04rest"), Some("a ZIP archive"));
        assert_eq!(found(b"%PDF-1.7"), Some("a PDF document"));
        assert_eq!(found(b"hello"), None);
        assert_eq!(found(b"\xFF\xD8"), None);
    }

    #[test]
    fn photos_and_films_in_other_formats_are_told_so() {
        let unsupported = |bytes: &[u8]| sniff(bytes).unwrap_err().code();
        assert_eq!(unsupported(b"II*\0\x08\0\0\0"), "format_unsupported");
        assert_eq!(unsupported(&ftyp(&[b"qt  "])), "format_unsupported");
        assert_eq!(unsupported(&ftyp(&[b"isom", b"mp42"])), "format_unsupported");
        assert_eq!(unsupported(b"\xFF\x0Arest"), "format_unsupported");
    }

    #[test]
    fn a_file_type_box_that_lies_about_its_length_is_read_no_further_than_the_file() {
        assert_eq!(sniff(b"\xFF\xFF\xFF\xFFftypheic"), Ok(Format::Heic));
        assert!(sniff(b"\0\0\0\0ftypheic").is_err());
        assert!(sniff(b"\0\0\0\x08ftyp").is_err());
    }
}
