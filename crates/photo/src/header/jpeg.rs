//! The markers of a JPEG (ITU-T T.81, annex B).

use std::borrow::Cow;

use super::{Detail, Header};
use crate::limits::Limits;
use crate::rejection::Rejection;
use crate::sniff::Format;
use crate::{DISPLAY_SIDE, picture::Picture, resize};

/// A chunk of a profile counts itself in a byte (ICC.1:2022, B.4).
const ICC_CHUNKS_MAX: usize = 255;

/// How the pixels are coded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) colour: Colour,
    /// The photo is decoded at this many eighths of its size.
    pub(crate) eighths: u8,
    /// In pixels, decoded.
    pub(crate) width: u32,
    /// In pixels, decoded.
    pub(crate) height: u32,
    /// Its scans end in an end marker.
    pub(crate) complete: bool,
    /// The picture is spread over several scans, so that its coefficients are kept in memory.
    pub(crate) several_scans: bool,
    /// Enough scans are whole to show the picture, coarser than it was.
    pub(crate) presentable: bool,
}

/// What the components mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Colour {
    /// YCbCr, RGB or grey: the decoder makes RGB of it.
    #[default]
    Rgb,
    /// CMYK or YCCK as Adobe writes it, with 255 for no ink.
    InvertedCmyk,
    /// CMYK with 0 for no ink.
    Cmyk,
}

/// A component of the frame header (B.2.2).
#[derive(Clone, Copy, Debug)]
struct Component {
    id: u8,
    horizontal: u32,
    vertical: u32,
}

/// What a scan carries (B.2.3).
#[derive(Debug)]
struct Scan {
    components: Vec<u8>,
    spectral_start: u8,
    /// It refines what an earlier scan began.
    refines: bool,
    bytes: usize,
    /// Another marker follows: the scan was not cut off.
    whole: bool,
}

#[derive(Debug, Default)]
struct Markers<'a> {
    width: u32,
    height: u32,
    progressive: bool,
    components: Vec<Component>,
    scans: Vec<Scan>,
    exif: Option<&'a [u8]>,
    /// Chunks of the profile: number, and bytes; never more than one beyond what there may be.
    icc: Vec<(u8, &'a [u8])>,
    adobe: bool,
    complete: bool,
}

pub(super) fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Header<'a>, Rejection> {
    let markers = walk(bytes, limits)?;
    let (width, height) = (markers.width, markers.height);
    markers.check_data()?;
    let frame = markers.frame();
    let icc = markers.icc(limits)?;
    Ok(Header {
        format: Format::Jpeg,
        width,
        height,
        memory_bytes: markers.memory_bytes(&frame),
        exif: markers.exif.map(Cow::Borrowed),
        icc,
        orientation: None,
        detail: Detail::Jpeg(frame),
    })
}

fn walk<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Markers<'a>, Rejection> {
    let mut markers = Markers::default();
    let mut at = 2;
    while let Some(found) = next_marker(bytes, at) {
        let (marker, body) = found;
        at = body;
        // Markers without a segment: the end, restarts, and what stands for itself.
        match marker {
            0xD9 if !markers.scans.is_empty() => {
                markers.complete = true;
                return Ok(markers);
            }
            0x01 | 0xD0..=0xD9 => continue,
            _ => {}
        }
        let Some(segment) = segment(bytes, body) else { break };
        at = body + 2 + segment.len();
        match marker {
            0xC0..=0xC2 => markers.read_frame(marker, segment, limits)?,
            0xC4 | 0xC8 | 0xCC => {}
            0xC3 | 0xC5..=0xCF => {
                return Err(Rejection::FormatUnsupported { format: "lossless or arithmetic JPEG" });
            }
            0xDA => {
                let (bytes, whole) = skip_scan(bytes, at);
                at += bytes;
                markers.read_scan(segment, bytes, whole)?;
                if markers.scans.len() > limits.scans_max {
                    return Err(Rejection::TooManyScans { max: limits.scans_max });
                }
            }
            0xE1 if markers.exif.is_none() => markers.exif = segment.strip_prefix(b"Exif\0\0"),
            0xE2 => markers.read_icc(segment),
            0xEE if segment.starts_with(b"Adobe") => markers.adobe = true,
            _ => {}
        }
    }
    if markers.scans.is_empty() { Err(Rejection::Truncated) } else { Ok(markers) }
}

/// The next marker's second byte, and where what follows it begins.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xFF, bytes.get(at..)?)?;
        // A marker may be padded with any number of 0xFF; a zero makes it none.
        while bytes.get(at + 1) == Some(&0xFF) {
            at += 1;
        }
        match bytes.get(at + 1)? {
            0 => at += 2,
            marker => return Some((*marker, at + 2)),
        }
    }
}

/// What follows a marker, without its two bytes of length; none where the file ends before it does.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?));
    bytes.get(at + 2..at + length)
}

/// How long a scan's data is, restarts included, and whether a marker ends it.
fn skip_scan(bytes: &[u8], start: usize) -> (usize, bool) {
    let mut at = start;
    while let Some((marker, body)) = next_marker(bytes, at) {
        if !matches!(marker, 0xD0..=0xD7) {
            return (body - 2 - start, true);
        }
        at = body;
    }
    (bytes.len() - start, false)
}

impl<'a> Markers<'a> {
    fn read_frame(&mut self, marker: u8, segment: &[u8], limits: &Limits) -> Result<(), Rejection> {
        let corrupt = Rejection::Corrupt { detail: "its frame header contradicts itself" };
        let [precision, h1, h0, w1, w0, count, components @ ..] = segment else { return Err(corrupt) };
        if !self.components.is_empty() {
            return Err(Rejection::Corrupt { detail: "it has two frames" });
        }
        if *precision != 8 {
            return Err(Rejection::FormatUnsupported { format: "JPEG with more than eight bits" });
        }
        self.progressive = marker == 0xC2;
        self.height = u32::from(u16::from_be_bytes([*h1, *h0]));
        self.width = u32::from(u16::from_be_bytes([*w1, *w0]));
        limits.check_size(self.width, self.height)?;
        for component in components.as_chunks::<3>().0 {
            let [id, sampling, _] = *component;
            let (horizontal, vertical) = (u32::from(sampling >> 4), u32::from(sampling & 15));
            if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
                return Err(corrupt);
            }
            self.components.push(Component { id, horizontal, vertical });
        }
        let counted = self.components.len() == usize::from(*count) && matches!(*count, 1 | 3 | 4);
        if counted { Ok(()) } else { Err(corrupt) }
    }

    fn read_scan(&mut self, segment: &[u8], bytes: usize, whole: bool) -> Result<(), Rejection> {
        let corrupt = Rejection::Corrupt { detail: "a scan contradicts its header" };
        let Some((&count, rest)) = segment.split_first() else { return Err(corrupt) };
        let Some((components, [start, _, approximation])) = rest.split_at_checked(2 * usize::from(count))
        else {
            return Err(corrupt);
        };
        if self.components.is_empty() || !(1..=4).contains(&count) {
            return Err(corrupt);
        }
        self.scans.push(Scan {
            components: components.as_chunks::<2>().0.iter().map(|[id, _]| *id).collect(),
            spectral_start: *start,
            refines: approximation >> 4 != 0,
            bytes,
            whole,
        });
        Ok(())
    }

    fn read_icc(&mut self, segment: &'a [u8]) {
        if let Some([number, _count, chunk @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0")
            && self.icc.len() <= ICC_CHUNKS_MAX
        {
            self.icc.push((*number, chunk));
        }
    }

    /// The profile; more chunks than can be counted are none.
    fn icc(&self, limits: &Limits) -> Result<Option<Cow<'a, [u8]>>, Rejection> {
        if self.icc.len() > ICC_CHUNKS_MAX {
            return Ok(None);
        }
        limits.check_icc(self.icc.iter().map(|(_, chunk)| chunk.len()).sum())?;
        let mut chunks = self.icc.clone();
        chunks.sort_by_key(|(number, _)| *number);
        Ok(match chunks.as_slice() {
            [] => None,
            [(_, chunk)] => Some(Cow::Borrowed(chunk)),
            several => Some(Cow::Owned(several.iter().flat_map(|(_, chunk)| *chunk).copied().collect())),
        })
    }

    /// Blocks of 8 x 8 samples, of all components or of those in a scan.
    fn blocks(&self, scan: Option<&Scan>) -> u64 {
        let wanted = |component: &&Component| scan.is_none_or(|scan| scan.components.contains(&component.id));
        let most = |side: fn(&Component) -> u32| self.components.iter().map(side).max().unwrap_or(1);
        let (horizontal, vertical) = (most(|c| c.horizontal), most(|c| c.vertical));
        let side = |length: u32, of: u32, most: u32| u64::from((length * of).div_ceil(most).div_ceil(8));
        let blocks = |c: &Component| {
            side(self.width, c.horizontal, horizontal) * side(self.height, c.vertical, vertical)
        };
        self.components.iter().filter(wanted).map(blocks).sum()
    }

    /// The first scan must have data for three quarters of its blocks at least: a code takes one bit or more, and a
    /// block of a sequential scan two codes. So a header that lies about its size is found out before it costs anything.
    fn check_data(&self) -> Result<(), Rejection> {
        let Some(first) = self.scans.first() else { return Err(Rejection::Truncated) };
        let bits = if self.progressive { 1 } else { 2 };
        if (first.bytes as u64) * 8 >= self.blocks(Some(first)) * bits * 3 / 4 {
            Ok(())
        } else if self.complete {
            Err(Rejection::Corrupt { detail: "it has too little data for its size" })
        } else {
            Err(Rejection::Truncated)
        }
    }

    fn frame(&self) -> Frame {
        let (wanted, _) = resize::within((self.width, self.height), DISPLAY_SIDE);
        // Half, quarter and eighth have fast transforms; the result must not be smaller than what it is for.
        let eighths = [1, 2, 4].into_iter().find(|eighths| self.width * eighths >= wanted * 8).unwrap_or(8);
        let cmyk = if self.adobe { Colour::InvertedCmyk } else { Colour::Cmyk };
        Frame {
            colour: if self.components.len() == 4 { cmyk } else { Colour::Rgb },
            eighths: u8::try_from(eighths).unwrap_or(8),
            width: (self.width * eighths).div_ceil(8),
            height: (self.height * eighths).div_ceil(8),
            complete: self.complete,
            several_scans: self.progressive || self.scans.len() > 1,
            presentable: self.presentable(),
        }
    }

    /// Every component has its average colours, and the first one its coarse detail.
    fn presentable(&self) -> bool {
        let whole = || self.scans.iter().filter(|scan| scan.whole && !scan.refines);
        let average = |id: u8| whole().any(|scan| scan.spectral_start == 0 && scan.components.contains(&id));
        let detail = |id: u8| whole().any(|scan| scan.spectral_start > 0 && scan.components.contains(&id));
        let first = self.components.first().is_some_and(|first| !self.progressive || detail(first.id));
        first && self.components.iter().all(|component| average(component.id))
    }

    /// The picture, decoded; what it is made small with, or the inks that it is made of; and the coefficients where several
    /// scans share them.
    fn memory_bytes(&self, frame: &Frame) -> u64 {
        let rgb = Picture::bytes(frame.width, frame.height) as u64;
        let inks = if frame.colour == Colour::Rgb { 0 } else { rgb / 3 * 4 };
        let picture = rgb + inks.max(resize::memory_bytes(frame.width, frame.height));
        // 64 coefficients of two bytes; blocks are padded to whole units of up to four by four.
        let coefficients = if frame.several_scans { self.blocks(None) * 128 * 21 / 20 } else { 0 };
        let rows = u64::from(self.width) * 256;
        picture + coefficients + rows
    }
}

#[cfg(test)]
mod tests;
