//! Pictures that are coded as brightness and colour differences (ITU-T H.273): made small before they become RGB, each
//! plane from its own size.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::header::heif::Coding;
use crate::picture::Picture;
use crate::rejection::Rejection;

/// Samples of eight bits.
#[derive(Debug)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) samples: Vec<u8>,
}

/// A decoded tile, and how its bitstream says that its colours are coded.
pub(super) type DecodedTile = (Planes, Option<Coding>);

/// A picture in three planes, or one if it is grey.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) brightness: Plane,
    /// Blue and red, less brightness; of the same or half the width and height.
    pub(super) differences: Option<[Plane; 2]>,
}

impl Plane {
    pub(super) fn new(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, samples: vec![value; width * height] }
    }

    /// Copies a part to this place, as far as it fits.
    fn put(&mut self, part: &Self, left: usize, top: usize) {
        let rows = self.samples.chunks_exact_mut(self.width.max(1)).skip(top);
        for (target, source) in rows.zip(part.samples.chunks_exact(part.width.max(1))) {
            for (target, source) in target.iter_mut().skip(left).zip(source) {
                *target = *source;
            }
        }
    }

    /// What of this plane belongs to a part of `whole`, which has as many samples a side or twice as many. Halves are exact,
    /// so that the part of a part never reaches beyond the plane.
    fn share_of(&self, whole: &Self, [left, top, width, height]: [f64; 4]) -> [f64; 4] {
        let scale = |part: usize, whole: usize| if part < whole { 0.5 } else { 1.0 };
        let (across, down) = (scale(self.width, whole.width), scale(self.height, whole.height));
        [left * across, top * down, width * across, height * down]
    }

    fn resized(&self, crop: [f64; 4], width: u32, height: u32) -> Result<Vec<u8>, Rejection> {
        let failed = Rejection::Corrupt { detail: "its planes do not fit each other" };
        let side = |side: usize| u32::try_from(side).map_err(|_| failed.clone());
        let source = ImageRef::new(side(self.width)?, side(self.height)?, &self.samples, PixelType::U8);
        let source = source.map_err(|_| failed.clone())?;
        let mut target = Image::new(width, height, PixelType::U8);
        let [left, top, crop_width, crop_height] = crop;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
            left,
            top,
            crop_width,
            crop_height,
        );
        Resizer::new().resize(&source, &mut target, &options).map_err(|_| failed)?;
        Ok(target.into_vec())
    }
}

impl Planes {
    /// Black, of this size and of the same kind: to be filled tile by tile.
    pub(super) fn blank(&self, width: usize, height: usize) -> Self {
        let differences = self.differences.as_ref().map(|planes| {
            planes.each_ref().map(|plane| {
                let side = |part: usize, whole: usize, side: usize| {
                    if part < whole { side.div_ceil(2) } else { side }
                };
                let width = side(plane.width, self.brightness.width, width);
                Plane::new(width, side(plane.height, self.brightness.height, height), 128)
            })
        });
        Self { brightness: Plane::new(width, height, 0), differences }
    }

    /// Copies a tile to this place, as far as it fits; none if it is of another kind.
    pub(super) fn put(&mut self, tile: &Self, left: usize, top: usize) -> Option<()> {
        self.brightness.put(&tile.brightness, left, top);
        match (&mut self.differences, &tile.differences) {
            (None, None) => Some(()),
            (Some(planes), Some(parts)) => {
                for (plane, part) in planes.iter_mut().zip(parts) {
                    let place = |place: usize, half: bool| if half { place / 2 } else { place };
                    let across = part.width < tile.brightness.width;
                    let down = part.height < tile.brightness.height;
                    let halved = (plane.width < self.brightness.width, plane.height < self.brightness.height);
                    if halved != (across, down) && self.brightness.width > 1 && self.brightness.height > 1 {
                        return None;
                    }
                    plane.put(part, place(left, across), place(top, down));
                }
                Some(())
            }
            _ => None,
        }
    }

    /// What `crop` shows of the picture (left, top, width, height), at this size in RGB.
    pub(super) fn into_picture(
        self,
        crop: [u32; 4],
        (width, height): (u32, u32),
        coding: Coding,
    ) -> Result<Picture, Rejection> {
        let crop = crop.map(f64::from);
        let brightness = self.brightness.resized(crop, width, height)?;
        let mut rgb = Vec::with_capacity(Picture::bytes(width, height));
        if let Some([blue, red]) = &self.differences {
            let crop = blue.share_of(&self.brightness, crop);
            let (blue, red) = (blue.resized(crop, width, height)?, red.resized(crop, width, height)?);
            let matrix = Matrix::new(coding);
            let differences = blue.iter().zip(&red);
            rgb.extend(brightness.iter().zip(differences).flat_map(|(y, (b, r))| matrix.rgb(*y, *b, *r)));
        } else {
            let matrix = Matrix::new(coding);
            rgb.extend(brightness.iter().flat_map(|y| matrix.rgb(*y, 128, 128)));
        }
        Ok(Picture { width, height, rgb })
    }
}

/// What makes RGB of YCbCr (H.273, 8.3), in fixed point of sixteen bits.
struct Matrix {
    identity: bool,
    black: i32,
    brightness: i32,
    red: i32,
    green_red: i32,
    green_blue: i32,
    blue: i32,
}

impl Matrix {
    fn new(coding: Coding) -> Self {
        let (red, blue) = match coding.matrix {
            1 => (0.2126, 0.0722),
            9 | 10 => (0.2627, 0.0593),
            // BT.601, which is also what files mean that say nothing.
            _ => (0.299, 0.114),
        };
        let green = 1.0 - red - blue;
        let (brightness, difference) =
            if coding.full_range { (1.0, 1.0) } else { (255.0 / 219.0, 255.0 / 224.0) };
        #[expect(clippy::cast_possible_truncation, reason = "the factors are below three")]
        let fixed = |factor: f64| (factor * 65_536.0).round() as i32;
        Self {
            identity: coding.matrix == 0,
            black: if coding.full_range { 0 } else { 16 },
            brightness: fixed(brightness),
            red: fixed(2.0 * (1.0 - red) * difference),
            green_red: fixed(-2.0 * (1.0 - red) * red / green * difference),
            green_blue: fixed(-2.0 * (1.0 - blue) * blue / green * difference),
            blue: fixed(2.0 * (1.0 - blue) * difference),
        }
    }

    fn rgb(&self, y: u8, b: u8, r: u8) -> [u8; 3] {
        let byte = |fixed: i32| u8::try_from(((fixed + 32_768) >> 16).clamp(0, 255)).unwrap_or(u8::MAX);
        let y = (i32::from(y) - self.black) * self.brightness;
        if self.identity {
            // The planes are green, blue and red.
            let scaled = |value: u8| byte((i32::from(value) - self.black) * self.brightness);
            return [scaled(r), byte(y), scaled(b)];
        }
        let (b, r) = (i32::from(b) - 128, i32::from(r) - 128);
        let green = r * self.green_red + b * self.green_blue;
        [byte(y + r * self.red), byte(y + green), byte(y + b * self.blue)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Coding = Coding { primaries: 1, matrix: 6, full_range: true };

    #[test]
    fn colours_are_those_of_the_standards() {
        let close = |is: [u8; 3], should: [u8; 3]| is.iter().zip(should).all(|(i, s)| i.abs_diff(s) <= 2);
        // Pure red in JPEG's full-range BT.601, in video's limited BT.709, and in the identity matrix.
        assert!(close(Matrix::new(FULL).rgb(76, 85, 255), [255, 0, 0]));
        let video = Matrix::new(Coding { matrix: 1, full_range: false, ..FULL });
        assert!(close(video.rgb(63, 102, 240), [255, 0, 0]), "{:?}", video.rgb(63, 102, 240));
        assert!(close(video.rgb(235, 128, 128), [255; 3]) && close(video.rgb(16, 128, 128), [0; 3]));
        assert_eq!(Matrix::new(Coding { matrix: 0, ..FULL }).rgb(10, 20, 30), [30, 10, 20]);
    }

    fn planes(width: usize, height: usize, [y, b, r]: [u8; 3]) -> Planes {
        let half = |value| Plane::new(width.div_ceil(2), height.div_ceil(2), value);
        Planes { brightness: Plane::new(width, height, y), differences: Some([half(b), half(r)]) }
    }

    #[test]
    fn planes_of_half_size_and_cropped_become_one_picture() {
        let picture = planes(8, 6, [76, 85, 255]).into_picture([2, 2, 4, 4], (2, 2), FULL).unwrap();
        assert_eq!(picture.rgb, [254, 0, 0].repeat(4));
    }

    #[test]
    fn differences_of_every_size_are_cropped_within_their_planes() {
        // Every side, whole and with an odd sample left out at each end, across and down.
        for side in 1..=1100 {
            for (start, length) in [(0, side), (1, side - 1), (0, side - 1), (side / 3, side - side / 3)] {
                let (side, small) = (side as usize, (length.clamp(1, 3), 1));
                let crop = [start.min(length), 0, length.max(1), 1];
                let wide = planes(side, 1, [76, 85, 255]).into_picture(crop, small, FULL);
                assert_eq!(wide.unwrap().rgb, [254, 0, 0].repeat(small.0 as usize), "{crop:?} of {side}");
                let ([left, top, width, height], (across, down)) = (crop, small);
                let tall = planes(1, side, [76, 85, 255]);
                let tall = tall.into_picture([top, left, height, width], (down, across), FULL);
                assert_eq!(tall.unwrap().rgb, [254, 0, 0].repeat(small.0 as usize), "{crop:?} of {side}");
            }
        }
    }

    #[test]
    fn tiles_make_a_picture_and_are_cut_at_its_edge() {
        let tile = planes(4, 4, [9, 10, 11]);
        let mut whole = tile.blank(7, 5);
        for (left, top) in [(0, 0), (4, 0), (0, 4), (4, 4)] {
            whole.put(&tile, left, top).unwrap();
        }
        assert_eq!(whole.brightness.samples, [9; 35]);
        let [blue, red] = whole.differences.as_ref().unwrap();
        assert_eq!((&blue.samples[..], &red.samples[..]), (&[10; 12][..], &[11; 12][..]));
        assert!(whole.put(&Planes { differences: None, ..planes(4, 4, [0; 3]) }, 0, 0).is_none());
    }
}
