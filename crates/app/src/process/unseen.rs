//! Why a photo is rejected that no decoder could say anything of.

/// Why a photo is rejected that was never looked at to the end. The pages have words for each code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    /// It cost too many workers their lives.
    DecoderDied,
    /// It took every worker longer than a photo may.
    TookTooLong,
    /// The file is larger than what is fetched.
    TooManyBytes,
}

impl Unseen {
    /// A stable code, as those of [`qdn_photo::Rejection`].
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::DecoderDied => "decoder_died",
            Self::TookTooLong => "took_too_long",
            Self::TooManyBytes => "too_many_bytes",
        }
    }
}
