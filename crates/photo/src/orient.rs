//! Turning a picture upright (EXIF 2.32, 4.6.4, tag 0x0112).

use crate::picture::Picture;

/// How stored rows and columns relate to what the eye should see; the numbers are EXIF's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Orientation {
    #[default]
    Upright = 1,
    MirroredSideways = 2,
    HalfTurn = 3,
    MirroredUpDown = 4,
    /// Mirrored along the diagonal from top left.
    Transposed = 5,
    /// To be turned right by a quarter.
    QuarterRight = 6,
    /// Mirrored along the diagonal from top right.
    Transversed = 7,
    /// To be turned left by a quarter.
    QuarterLeft = 8,
}

impl Orientation {
    /// Of EXIF's number; anything but 2 to 8 is upright.
    pub(crate) fn from_exif(number: u32) -> Self {
        match number {
            2 => Self::MirroredSideways,
            3 => Self::HalfTurn,
            4 => Self::MirroredUpDown,
            5 => Self::Transposed,
            6 => Self::QuarterRight,
            7 => Self::Transversed,
            8 => Self::QuarterLeft,
            _ => Self::Upright,
        }
    }

    /// What this one and then the next one come to.
    pub(crate) fn then(self, next: Self) -> Self {
        // As matrices, which take a place in the upright picture to one in the stored.
        let (left, right) = (self.matrix(), next.matrix());
        let [upper, lower] = right;
        let product = left
            .map(|[across, down]| [across * upper[0] + down * lower[0], across * upper[1] + down * lower[1]]);
        let all = (1..=8).map(Self::from_exif);
        all.into_iter().find(|orientation| orientation.matrix() == product).unwrap_or_default()
    }

    fn matrix(self) -> [[i8; 2]; 2] {
        match self {
            Self::Upright => [[1, 0], [0, 1]],
            Self::MirroredSideways => [[-1, 0], [0, 1]],
            Self::HalfTurn => [[-1, 0], [0, -1]],
            Self::MirroredUpDown => [[1, 0], [0, -1]],
            Self::Transposed => [[0, 1], [1, 0]],
            Self::QuarterRight => [[0, 1], [-1, 0]],
            Self::Transversed => [[0, -1], [-1, 0]],
            Self::QuarterLeft => [[0, -1], [1, 0]],
        }
    }

    /// Where a part of the upright picture is stored (left, top, width, height), in what is stored as `width` x `height`.
    pub(crate) fn stored(self, part: [u32; 4], (width, height): (u32, u32)) -> [u32; 4] {
        let [left, top, across, down] = part;
        let [left, top, across, down] =
            if self.swaps_sides() { [top, left, down, across] } else { [left, top, across, down] };
        let [from_right, from_below] = self.matrix().map(|[x, y]| x + y < 0);
        let left = if from_right { width.saturating_sub(left + across) } else { left };
        let top = if from_below { height.saturating_sub(top + down) } else { top };
        [left, top, across, down]
    }

    fn swaps_sides(self) -> bool {
        matches!(self, Self::Transposed | Self::QuarterRight | Self::Transversed | Self::QuarterLeft)
    }

    /// The upright size of what is stored as `width` x `height`.
    pub(crate) fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }
}

/// The picture as the eye should see it.
pub(crate) fn upright(picture: Picture, orientation: Orientation) -> Picture {
    let (width, height) = orientation.size(picture.width, picture.height);
    match orientation {
        Orientation::Upright => picture,
        Orientation::HalfTurn => {
            let mut rgb = picture.rgb;
            rgb.reverse();
            // Reversing the bytes turned each pixel's colours round too.
            rgb.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| pixel.reverse());
            Picture { width, height, rgb }
        }
        Orientation::MirroredSideways => {
            let mut rgb = picture.rgb;
            rgb.chunks_exact_mut(width as usize * 3).for_each(|row| row.as_chunks_mut::<3>().0.reverse());
            Picture { width, height, rgb }
        }
        Orientation::MirroredUpDown => {
            let rows = picture.rgb.chunks_exact(width as usize * 3).rev();
            Picture { width, height, rgb: rows.flatten().copied().collect() }
        }
        _ => turn(&picture, orientation),
    }
}

/// How many stored rows are turned at a time: what they become is written in runs of two cache lines.
const BAND: usize = 32;

/// The four that swap rows and columns.
fn turn(picture: &Picture, orientation: Orientation) -> Picture {
    let (columns, height) = (picture.width as usize, picture.height as usize);
    let mirror_rows = matches!(orientation, Orientation::Transversed | Orientation::QuarterLeft);
    let mirror_columns = matches!(orientation, Orientation::Transversed | Orientation::QuarterRight);
    let mut rows: Vec<&[[u8; 3]]> = picture.rgb.as_chunks::<3>().0.chunks_exact(columns).collect();
    if mirror_columns {
        rows.reverse();
    }
    let mut rgb = vec![0; picture.rgb.len()];
    let (turned, _) = rgb.as_chunks_mut::<3>();
    for (band, rows) in rows.chunks(BAND).enumerate() {
        for (y, line) in turned.chunks_exact_mut(height).enumerate() {
            let column = if mirror_rows { columns - 1 - y } else { y };
            for (pixel, row) in line.iter_mut().skip(band * BAND).zip(rows) {
                *pixel = row.get(column).copied().unwrap_or_default();
            }
        }
    }
    Picture { width: picture.height, height: picture.width, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose pixels are named by letters, three to a row.
    fn picture(rows: &[&str]) -> Picture {
        let rgb = rows.concat().bytes().flat_map(|letter| [letter, letter + 1, letter + 2]).collect();
        let (width, height) = (rows[0].len(), rows.len());
        Picture { width: u32::try_from(width).unwrap(), height: u32::try_from(height).unwrap(), rgb }
    }

    #[test]
    fn every_orientation_of_an_f_is_the_same_f() {
        // EXIF's own figure: how "abc/def" is stored under each number.
        let stored: [&[&str]; 8] = [
            &["abc", "def"],
            &["cba", "fed"],
            &["fed", "cba"],
            &["def", "abc"],
            &["ad", "be", "cf"],
            &["cf", "be", "ad"],
            &["fc", "eb", "da"],
            &["da", "eb", "fc"],
        ];
        for (number, rows) in (1..).zip(stored) {
            let upright = upright(picture(rows), Orientation::from_exif(number));
            assert_eq!(upright, picture(&["abc", "def"]), "orientation {number}");
        }
    }

    #[test]
    fn pictures_wider_than_a_band_are_turned_whole() {
        let (width, height) = (100, 7);
        let rgb: Vec<u8> = (0..width * height * 3).map(|index| u8::try_from(index % 251).unwrap()).collect();
        let before = Picture { width, height, rgb };
        let right = upright(before.clone(), Orientation::QuarterRight);
        assert_eq!((right.width, right.height), (7, 100));
        assert_eq!(upright(right, Orientation::QuarterLeft), before);
    }

    #[test]
    fn two_turns_come_to_the_same_as_their_sum() {
        let before = picture(&["abc", "def"]);
        for first in (1..=8).map(Orientation::from_exif) {
            for second in (1..=8).map(Orientation::from_exif) {
                let twice = upright(upright(before.clone(), first), second);
                assert_eq!(upright(before.clone(), first.then(second)), twice, "{first:?} and {second:?}");
            }
        }
    }

    #[test]
    fn a_part_of_the_upright_picture_is_found_where_it_is_stored() {
        let before = picture(&["abcd", "efgh", "ijkl"]);
        let cut = |picture: &Picture, [left, top, width, height]: [u32; 4]| {
            let rows = picture.rgb.chunks_exact(picture.width as usize * 3);
            let rows = rows.skip(top as usize).take(height as usize);
            let (start, end) = (left as usize * 3, (left + width) as usize * 3);
            Picture { width, height, rgb: rows.flat_map(|row| row[start..end].to_vec()).collect() }
        };
        for orientation in (1..=8).map(Orientation::from_exif) {
            let upright_part = cut(&upright(before.clone(), orientation), [1, 0, 2, 2]);
            let stored = orientation.stored([1, 0, 2, 2], (4, 3));
            assert_eq!(upright(cut(&before, stored), orientation), upright_part, "{orientation:?}");
        }
    }

    #[test]
    fn a_number_that_exif_does_not_know_is_upright() {
        for number in [0, 1, 9, 65_535] {
            assert_eq!(Orientation::from_exif(number), Orientation::Upright);
        }
    }
}
