//! The names of the steps, for whoever times them.

/// A step of [`process_with`](crate::process_with), in the order in which they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The format was recognised, the header read and the limits checked.
    Inspect,
    /// Capture time, position and orientation were read.
    Metadata,
    /// The original's SHA-256 was computed.
    Hash,
    /// The pixels were decoded, at a reduced size where the format can.
    Decode,
    /// The picture was made as small as the `display` rendition.
    Resize,
    /// The colours were converted to sRGB.
    Colour,
    /// The picture was turned upright.
    Orient,
    /// The picture was made as small as the `thumb` rendition.
    Thumb,
    /// The thumbhash was computed.
    Placeholder,
    /// Both renditions were encoded.
    Encode,
}

impl Step {
    /// A name for metrics: `snake_case`, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inspect => "inspect",
            Self::Metadata => "metadata",
            Self::Hash => "hash",
            Self::Decode => "decode",
            Self::Resize => "resize",
            Self::Colour => "colour",
            Self::Orient => "orient",
            Self::Thumb => "thumb",
            Self::Placeholder => "placeholder",
            Self::Encode => "encode",
        }
    }
}
