//! Names of files that people save: whatever a phone called a photo, a name that Windows, macOS and Linux all take, and
//! that no other photo in the same folder has.

use std::collections::{HashMap, HashSet};

/// The longest name, in bytes: with room for the number of one that is there already, below the 255 of file systems.
const NAME_BYTES_MAX: usize = 200;
/// The longest ending that survives a cut of the name, in bytes, with its dot.
const ENDING_BYTES_MAX: usize = 12;
/// What no name may hold on Windows, or would be a folder's end.
const FORBIDDEN: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
/// Names that are devices on Windows, whatever their ending, and with the digits 1 to 9 behind the last two
/// (<https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>).
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM", "LPT"];

/// A text as a file's name: never empty, no path, no device, not hidden, nothing that turns the text's direction.
pub fn safe_file_name(text: &str) -> String {
    let clean: String =
        text.chars().map(|character| if is_unsafe(character) { '_' } else { character }).collect();
    let trimmed = clean.trim_matches([' ', '.']);
    let name = if trimmed.is_empty() { "photo" } else { trimmed };
    let (stem, ending) = split(name);
    let stem = cut(stem, NAME_BYTES_MAX - ending.len());
    let device = if is_device(stem) { "_" } else { "" };
    format!("{device}{stem}{ending}")
}

/// Control characters, those that Windows forbids, and those that make a name read otherwise than it is.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || FORBIDDEN.contains(&character)
        || matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}'
        )
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let upper = stem.to_ascii_uppercase();
    let numbered = upper.strip_suffix(|last: char| last.is_ascii_digit() || "¹²³".contains(last));
    DEVICES.contains(&upper.as_str()) || numbered.is_some_and(|word| word == "COM" || word == "LPT")
}

/// A name's stem, and its ending with the dot, if it has one that looks like it.
fn split(name: &str) -> (&str, &str) {
    let (stem, ending) = name.split_at(name.rfind('.').unwrap_or(name.len()));
    let plain = ending.bytes().skip(1).all(|byte| byte.is_ascii_alphanumeric());
    if plain && !stem.is_empty() && ending.len() <= ENDING_BYTES_MAX { (stem, ending) } else { (name, "") }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default().trim_end_matches([' ', '.'])
}

/// The names in one folder.
#[derive(Debug, Default)]
pub struct FileNames {
    /// As a file system sees them that does not tell large letters from small ones.
    taken: HashSet<String>,
    /// The last number that a name was given.
    numbers: HashMap<String, u32>,
}

impl FileNames {
    /// A name that is not taken, and now is: `image.jpg`, then `image (2).jpg`.
    pub fn take(&mut self, text: &str) -> String {
        let name = safe_file_name(text);
        let folded = name.to_lowercase();
        if self.taken.insert(folded.clone()) {
            return name;
        }
        let (stem, ending) = split(&name);
        let number = self.numbers.entry(folded).or_insert(1);
        loop {
            *number = number.saturating_add(1);
            let numbered = format!("{stem} ({number}){ending}");
            if self.taken.insert(numbered.to_lowercase()) {
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_everywhere() {
        for (given, safe) in [
            ("image.jpg", "image.jpg"),
            ("Küche – vorher 📷.jpeg", "Küche – vorher 📷.jpeg"),
            ("a/b\\c:d*e?f\"g<h>i|j.jpg", "a_b_c_d_e_f_g_h_i_j.jpg"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("line\r\nend\0.jpg", "line__end_.jpg"),
            ("\u{202e}gpj.exe", "_gpj.exe"),
            ("", "photo"),
            ("..", "photo"),
            (" . ", "photo"),
            (".htaccess", "htaccess"),
            ("trailing. ", "trailing"),
            ("con", "_con"),
            ("CON.jpg", "_CON.jpg"),
            ("aux .png", "_aux .png"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("LPT³.jpg", "_LPT³.jpg"),
            ("console.jpg", "console.jpg"),
            ("com.jpg", "_com.jpg"),
            ("a.b.", "a.b"),
        ] {
            assert_eq!(safe_file_name(given), safe, "{given:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters_and_keep_their_ending() {
        for (text, ending) in
            [("📷".repeat(300) + ".heic", "📷.heic"), ("é".repeat(150) + "." + &"x".repeat(300), "éé")]
        {
            let name = safe_file_name(&text);
            assert!(name.len() <= NAME_BYTES_MAX && name.ends_with(ending), "{name}");
        }
        assert_eq!(safe_file_name(&"n".repeat(500)).len(), NAME_BYTES_MAX);
    }

    #[test]
    fn safe_names_stay_as_they_are() {
        for text in ["a b(1).JPG", "x..y", "é.é", &"q.".repeat(200), "aux .png", "con", "..a..b.."] {
            let once = safe_file_name(text);
            assert_eq!(safe_file_name(&once), once, "{text:?}");
        }
    }

    #[test]
    fn no_name_is_taken_twice_whatever_its_letters() {
        let mut names = FileNames::default();
        let given =
            ["image.jpg", "image (2).jpg", "IMAGE.JPG", "image.jpg", "image (2).jpg", "image", "image"];
        let taken = given.map(|name| names.take(name));
        assert_eq!(
            taken,
            [
                "image.jpg",
                "image (2).jpg",
                "IMAGE (3).JPG",
                "image (4).jpg",
                "image (2) (2).jpg",
                "image",
                "image (2)"
            ]
        );
        let many: HashSet<_> = (0..10_000).map(|_| names.take("image.jpg").to_lowercase()).collect();
        assert_eq!(many.len(), 10_000);
    }
}
