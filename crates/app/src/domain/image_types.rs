//! The image types that a photo may have.

/// A content type and the file extensions that stand for it, the usual one first.
#[derive(Debug, PartialEq, Eq)]
pub struct ImageType {
    /// The media type (<https://www.iana.org/assignments/media-types/>).
    pub content_type: &'static str,
    /// In lower case, without the dot.
    pub extensions: &'static [&'static str],
}

/// Every image type that is accepted.
pub const IMAGE_TYPES: [ImageType; 7] = [
    ImageType { content_type: "image/jpeg", extensions: &["jpg", "jpeg", "jpe", "jfif"] },
    ImageType { content_type: "image/png", extensions: &["png"] },
    ImageType { content_type: "image/webp", extensions: &["webp"] },
    ImageType { content_type: "image/gif", extensions: &["gif"] },
    ImageType { content_type: "image/heic", extensions: &["heic"] },
    ImageType { content_type: "image/heif", extensions: &["heif", "hif"] },
    ImageType { content_type: "image/avif", extensions: &["avif"] },
];

impl ImageType {
    /// Finds the type with this exact content type.
    pub fn by_content_type(content_type: &str) -> Option<&'static Self> {
        IMAGE_TYPES.iter().find(|image_type| image_type.content_type == content_type)
    }

    /// Finds the type of an extension in lower case.
    pub fn by_extension(extension: &str) -> Option<&'static Self> {
        IMAGE_TYPES.iter().find(|image_type| image_type.extensions.contains(&extension))
    }

    /// Returns a file name whose extension says what the file is: a rendition of a HEIC is a JPEG, and some phones send
    /// names without an extension.
    pub fn file_name(&self, name: &str) -> String {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let extension = extension.to_ascii_lowercase();
        match self.extensions.first() {
            Some(_) if self.extensions.contains(&extension.as_str()) => name.to_owned(),
            Some(usual) if Self::by_extension(&extension).is_some() => format!("{stem}.{usual}"),
            Some(usual) => format!("{name}.{usual}"),
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_extension_says_what_it_is() {
        for (name, content_type, wanted) in [
            ("a.jpg", "image/jpeg", "a.jpg"),
            ("a.JPEG", "image/jpeg", "a.JPEG"),
            ("a.heic", "image/jpeg", "a.jpg"),
            ("image", "image/jpeg", "image.jpg"),
            ("v1.2", "image/png", "v1.2.png"),
        ] {
            assert_eq!(ImageType::by_content_type(content_type).unwrap().file_name(name), wanted);
        }
        assert_eq!(ImageType::by_content_type("binary/octet-stream"), None);
    }

    #[test]
    fn no_two_types_share_an_extension() {
        let mut extensions: Vec<_> =
            IMAGE_TYPES.iter().flat_map(|image_type| image_type.extensions).collect();
        let count = extensions.len();
        extensions.sort_unstable();
        extensions.dedup();
        assert_eq!(extensions.len(), count);
    }
}
