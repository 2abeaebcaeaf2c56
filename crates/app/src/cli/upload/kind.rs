//! What kind of photo a file is, by its first bytes. The name does not count: the same bytes must be the same upload
//! under whatever name they come.

/// How many bytes are enough to tell.
pub(super) const HEAD_BYTES: usize = 64;

/// The content type, or `None` for what is no photo.
pub(super) fn content_type(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Some("image/gif");
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    by_brands(head)
}

/// The brands of an ISO base media file (ISO/IEC 14496-12, `ftyp` box): the major one, a version, and those it is
/// compatible with. `mif1` says only that it is some HEIF; what codec is inside, the compatible brands say.
fn by_brands(head: &[u8]) -> Option<&'static str> {
    if head.get(4..8) != Some(b"ftyp") {
        return None;
    }
    let box_bytes = u32::from_be_bytes(head.get(..4)?.try_into().ok()?);
    let end = usize::try_from(box_bytes).ok()?.min(head.len());
    let brands = || head.get(8..12).into_iter().chain(head.get(16..end).unwrap_or_default().chunks_exact(4));
    let is_any = |wanted: &[&[u8]]| brands().any(|brand| wanted.contains(&brand));
    if is_any(&[b"avif", b"avis"]) {
        Some("image/avif")
    } else if is_any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) {
        Some("image/heic")
    } else if is_any(&[b"mif1", b"msf1", b"mif2"]) {
        Some("image/heif")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_known_by_their_first_bytes() {
        for (head, wanted) in [
            (&b"\xff\xd8\xff\xe1\0\x10Exif"[..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"GIF89a\x01\0", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "image/avif"),
            (b"\0\0\0\x14ftypmif1\0\0\0\0mif1", "image/heif"),
        ] {
            assert_eq!(content_type(head), Some(wanted));
        }
    }

    #[test]
    fn what_is_no_photo_has_no_type() {
        for head in [
            &b""[..],
            b"\xff\xd8",
            b"hello",
            b"%PDF-1.7",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"RIFF\0\0\0\0WAVEfmt ",
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
            b"\0\0\0\x00ftyp",
            b"\xff\xff\xff\xffftypqt  \0\0\0\0",
        ] {
            assert_eq!(content_type(head), None, "{head:?}");
        }
    }
}
