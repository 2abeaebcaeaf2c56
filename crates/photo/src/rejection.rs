//! Why a photo cannot be shown.

/// Why a photo cannot be shown: `code()` for programs, `Display` for staff.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// No byte arrived.
    #[error("The file is empty.")]
    Empty,
    /// It is something else, whatever its name says.
    #[error("This is not a photo{}.", .found.map(|found| format!(" but {found}")).unwrap_or_default())]
    NotAPhoto {
        /// What it is instead, with its article.
        found: Option<&'static str>,
    },
    /// It is a photo, or nearly, that cannot be decoded here.
    #[error("Photos in the format {format} cannot be shown.")]
    FormatUnsupported {
        /// The format, or the part of it.
        format: &'static str,
    },
    /// The file is larger than allowed.
    #[error("The file is too large: {bytes} bytes, of at most {max}.")]
    TooManyBytes {
        /// The file's size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The picture has more pixels than allowed.
    #[error("The picture is too large: {width} x {height}, of at most {max} pixels.")]
    TooManyPixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// The limit on width times height.
        max: u64,
    },
    /// The picture is longer than allowed.
    #[error("The picture is too long: {width} x {height}, of at most {max} pixels on a side.")]
    SideTooLong {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// The limit on each.
        max: u32,
    },
    /// Decoding it would take more memory than allowed.
    #[error("The picture is too large to be decoded: it takes {bytes} bytes of memory, of at most {max}.")]
    TooMuchMemory {
        /// Estimated from the header.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// A JPEG with so many scans that it must have been made to waste time.
    #[error("The JPEG has too many scans: more than {max}.")]
    TooManyScans {
        /// The limit.
        max: usize,
    },
    /// The colour profile is larger than allowed.
    #[error("The photo's colour profile is too large: more than {max} bytes.")]
    ColourProfileTooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// More than a quarter of the picture is missing at the end.
    #[error("The file is cut off: the rest of the photo is missing.")]
    Truncated,
    /// The file contradicts its format.
    #[error("The file is damaged: {detail}.")]
    Corrupt {
        /// What was wrong, as the end of a sentence.
        detail: &'static str,
    },
}

impl Rejection {
    /// A stable reason code in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotAPhoto { .. } => "not_a_photo",
            Self::FormatUnsupported { .. } => "format_unsupported",
            Self::TooManyBytes { .. } => "too_many_bytes",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::SideTooLong { .. } => "side_too_long",
            Self::TooMuchMemory { .. } => "too_much_memory",
            Self::TooManyScans { .. } => "too_many_scans",
            Self::ColourProfileTooLarge { .. } => "colour_profile_too_large",
            Self::Truncated => "truncated",
            Self::Corrupt { .. } => "corrupt",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_read_a_sentence() {
        let found = Rejection::NotAPhoto { found: Some("a PDF document") };
        assert_eq!(found.to_string(), "This is not a photo but a PDF document.");
        assert_eq!(Rejection::NotAPhoto { found: None }.to_string(), "This is not a photo.");
        let corrupt = Rejection::Corrupt { detail: "its width or height is zero" };
        assert_eq!(corrupt.to_string(), "The file is damaged: its width or height is zero.");
    }
}
