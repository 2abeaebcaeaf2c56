//! Every name an object can have in the bucket, in one enum.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{JobId, PhotoId};

/// A kind of rendition, the small upright copies that customers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rendition {
    /// 320 px, for strips and lists.
    Thumb,
    /// 1600 px, for the lightbox.
    Display,
}

impl Rendition {
    /// All that a photo has.
    pub const ALL: [Self; 2] = [Self::Thumb, Self::Display];

    /// The last segment of the rendition's key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thumb => "thumb",
            Self::Display => "display",
        }
    }
}

/// The longest safe name, in bytes: with the ids and prefixes around it a key stays far below S3's 1,024.
const PHOTO_NAME_BYTES_MAX: usize = 80;
/// The longest extension that survives a cut of the name.
const EXTENSION_BYTES_MAX: usize = 8;

/// The part of a key that people recognise: the phone's file name, made harmless.
///
/// ASCII letters, digits, `.`, `_` and `-` only, never empty, never starting with a dot, at most 80 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoName(String);

impl PhotoName {
    /// Makes a name of any text: the last path segment, everything unusual replaced by `-`, the extension kept.
    pub fn sanitise(text: &str) -> Self {
        let last = text.rsplit(['/', '\\']).find(|segment| !segment.is_empty()).unwrap_or("");
        let mut safe = String::with_capacity(last.len().min(256));
        for character in last.chars() {
            let keep = character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
            let character = if keep { character } else { '-' };
            let doubled = matches!(character, '-' | '.') && safe.ends_with(character);
            if !doubled {
                safe.push(character);
            }
        }
        let trimmed = safe.trim_start_matches(['.', '-']).trim_end_matches(['.', '-']);
        if trimmed.is_empty() {
            return Self("photo".to_owned());
        }
        Self(shorten(trimmed))
    }

    /// The name as it stands in the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Cuts an ASCII name to [`PHOTO_NAME_BYTES_MAX`] bytes and keeps a short extension.
fn shorten(name: &str) -> String {
    if name.len() <= PHOTO_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let suffix = match extension {
        Some(extension) if (1..=EXTENSION_BYTES_MAX).contains(&extension.len()) => format!(".{extension}"),
        _ => String::new(),
    };
    let stem: String = name.chars().take(PHOTO_NAME_BYTES_MAX - suffix.len()).collect();
    format!("{}{suffix}", stem.trim_end_matches(['.', '-']))
}

/// The name of an object in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectName {
    /// An original: `jobs/{job_id}/photos/{photo_id}-{safe name}`.
    Photo {
        /// The job it belongs to.
        job_id: JobId,
        /// Our id.
        photo_id: PhotoId,
        /// What follows the id.
        name: PhotoName,
    },
    /// An original that an older tool put there: `jobs/{job_id}/photos/{anything else}`.
    Foreign {
        /// The job it belongs to.
        job_id: JobId,
        /// All that follows the job's prefix.
        file_name: PhotoId,
    },
    /// A rendition: `renditions/{job_id}/{photo_id}/{version}/{thumb|display}`. An older tool's file name may hold
    /// slashes and be as long as a key can be: its SHA-256 stands in its place, as `name-{base64url}`.
    Rendition {
        /// The job it belongs to.
        job_id: JobId,
        /// The photo it was made of.
        photo_id: PhotoId,
        /// Of which bytes, and made how.
        version: String,
        /// Which of the two.
        rendition: Rendition,
    },
}

impl ObjectName {
    /// The prefix under which all originals stand, with its slash.
    pub const JOBS_PREFIX: &'static str = "jobs/";

    /// The prefix under which a job's originals stand, with its slash.
    pub fn photos_prefix(job_id: &JobId) -> String {
        format!("{}{job_id}/photos/", Self::JOBS_PREFIX)
    }

    /// The prefix under which all renditions of a job stand, with its slash.
    pub fn job_renditions_prefix(job_id: &JobId) -> String {
        format!("renditions/{job_id}/")
    }

    /// The prefix under which all renditions of a photo stand, with its slash.
    pub fn renditions_prefix(job_id: &JobId, photo_id: &PhotoId) -> String {
        let job = Self::job_renditions_prefix(job_id);
        if photo_id.is_ours() {
            return format!("{job}{photo_id}/");
        }
        let digest = Sha256::digest(photo_id.as_str().as_bytes());
        format!("{job}name-{}/", URL_SAFE_NO_PAD.encode(digest))
    }

    /// The key of a rendition.
    pub fn rendition_key(job_id: &JobId, photo_id: &PhotoId, version: &str, rendition: Rendition) -> String {
        let prefix = Self::renditions_prefix(job_id, photo_id);
        format!("{prefix}{version}/{}", rendition.as_str())
    }

    /// The object's key.
    pub fn key(&self) -> String {
        match self {
            Self::Photo { job_id, photo_id, name } => {
                format!("jobs/{job_id}/photos/{photo_id}-{}", name.as_str())
            }
            Self::Foreign { job_id, file_name } => format!("jobs/{job_id}/photos/{file_name}"),
            Self::Rendition { job_id, photo_id, version, rendition } => {
                Self::rendition_key(job_id, photo_id, version, *rendition)
            }
        }
    }

    /// Reads the key of an original under a job's prefix. `None` for the prefix itself and for folder marks
    /// (`…/`), which file managers leave behind.
    pub fn parse_original(job_id: &JobId, key: &str) -> Option<Self> {
        let rest = key.strip_prefix(&Self::photos_prefix(job_id))?;
        if rest.is_empty() || rest.ends_with('/') {
            return None;
        }
        if let Some((id, name)) = rest.split_at_checked(ulid::ULID_LEN)
            && let Some(name) = name.strip_prefix('-')
            && let Ok(photo_id) = PhotoId::parse(id)
            && photo_id.is_ours()
            && PhotoName::sanitise(name).as_str() == name
        {
            return Some(Self::Photo { job_id: job_id.clone(), photo_id, name: PhotoName(name.to_owned()) });
        }
        Self::foreign(job_id, key)
    }

    /// Reads the key of an original of any job.
    pub fn parse_any_original(key: &str) -> Option<(JobId, Self)> {
        let (job_id, _) = key.strip_prefix("jobs/")?.split_once('/')?;
        let job_id = JobId::parse(job_id).ok()?;
        let name = Self::parse_original(&job_id, key)?;
        Some((job_id, name))
    }

    /// Reads the key of an original as a stranger's, by its whole file name.
    pub fn foreign(job_id: &JobId, key: &str) -> Option<Self> {
        let file_name = PhotoId::parse(key.strip_prefix(&Self::photos_prefix(job_id))?).ok()?;
        Some(Self::Foreign { job_id: job_id.clone(), file_name })
    }

    /// The id under which the original is listed.
    pub fn photo_id(&self) -> &PhotoId {
        match self {
            Self::Photo { photo_id, .. } | Self::Rendition { photo_id, .. } => photo_id,
            Self::Foreign { file_name, .. } => file_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> JobId {
        JobId::parse("J1").unwrap()
    }

    #[test]
    fn hostile_names_become_harmless() {
        for (given, safe) in [
            ("image.jpg", "image.jpg"),
            ("../../etc/passwd", "passwd"),
            ("${filename}", "filename"),
            ("a b(1).JPG", "a-b-1-.JPG"),
            ("C:\\photos\\IMG 1.heic", "IMG-1.heic"),
            ("фото.jpg", "jpg"),
            ("", "photo"),
            ("....", "photo"),
            ("\u{0}\r\n<script>", "script"),
            (".htaccess", "htaccess"),
            ("a/", "a"),
        ] {
            assert_eq!(PhotoName::sanitise(given).as_str(), safe, "{given:?}");
        }
    }

    #[test]
    fn a_300_character_name_is_cut_and_keeps_its_extension() {
        let name = PhotoName::sanitise(&format!("{}.jpeg", "n".repeat(300)));
        assert_eq!(name.as_str().len(), PHOTO_NAME_BYTES_MAX);
        assert!(name.as_str().ends_with("n.jpeg"));
    }

    #[test]
    fn sanitising_twice_changes_nothing() {
        for text in ["a b(1).JPG", "x..y", "-a-", "é.é", &"q.".repeat(200), &"-x".repeat(99)] {
            let once = PhotoName::sanitise(text);
            assert_eq!(PhotoName::sanitise(once.as_str()), once, "{text:?}");
        }
    }

    #[test]
    fn keys_of_originals_are_read_back() {
        let photo = ObjectName::Photo {
            job_id: job(),
            photo_id: PhotoId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            name: PhotoName::sanitise("image.jpg"),
        };
        assert_eq!(photo.key(), "jobs/J1/photos/01ARZ3NDEKTSV4RRFFQ69G5FAV-image.jpg");
        assert_eq!(ObjectName::parse_original(&job(), &photo.key()), Some(photo.clone()));
        assert_eq!(ObjectName::parse_any_original(&photo.key()), Some((job(), photo)));
        assert_eq!(ObjectName::parse_any_original("renditions/J1/x/1-ab/thumb"), None);
    }

    #[test]
    fn renditions_of_older_tools_photos_never_share_a_prefix() {
        let prefix = |id: &str| ObjectName::renditions_prefix(&job(), &PhotoId::parse(id).unwrap());
        assert_eq!(prefix("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "renditions/J1/01ARZ3NDEKTSV4RRFFQ69G5FAV/");
        let (folder, inside) = (prefix("a.jpg"), prefix("a.jpg/b.jpg"));
        assert!(!inside.starts_with(&folder) && folder.matches('/').count() == 3, "{folder} {inside}");
        assert!(prefix(&"n".repeat(1_000)).len() < 200);
        let rendition = ObjectName::Rendition {
            job_id: job(),
            photo_id: PhotoId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            version: "1-00ff".to_owned(),
            rendition: Rendition::Thumb,
        };
        assert_eq!(rendition.key(), "renditions/J1/01ARZ3NDEKTSV4RRFFQ69G5FAV/1-00ff/thumb");
    }

    #[test]
    fn objects_of_older_tools_are_listed_by_file_name() {
        let parse = |key: &str| ObjectName::parse_original(&job(), key);
        let foreign = parse("jobs/J1/photos/sub/IMG 1.jpg").unwrap();
        assert_eq!(foreign.photo_id().as_str(), "sub/IMG 1.jpg");
        assert_eq!(foreign.key(), "jobs/J1/photos/sub/IMG 1.jpg");
        assert_eq!(parse("jobs/J1/photos/"), None);
        assert_eq!(parse("jobs/J1/photos/sub/"), None);
        assert_eq!(parse("jobs/J2/photos/a.jpg"), None);
    }
}
