//! Counts of what was found, with the first names.

/// Findings that are kept by name; the count goes on.
const NAMED_MAX: usize = 1000;

/// One kind of finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many there are.
    pub count: u64,
    /// The first 1,000: `bucket/key`, or a path where no key is known.
    pub named: Vec<String>,
}

impl Findings {
    /// Counts a finding and keeps its name while there is room.
    pub(crate) fn add(&mut self, name: String) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(name);
        }
    }

    /// Counts a finding unless it is among those named. Returns whether its name was kept, and so is to be logged.
    pub(crate) fn add_new(&mut self, name: &str) -> bool {
        let has_room = self.named.len() < NAMED_MAX;
        if has_room && self.named.iter().any(|named| named == name) {
            return false;
        }
        self.add(name.to_owned());
        has_room
    }
}

/// Adds what others have found, each named one once.
impl Extend<Findings> for Findings {
    fn extend<T: IntoIterator<Item = Findings>>(&mut self, others: T) {
        for other in others {
            let unnamed = other.count.saturating_sub(other.named.len() as u64);
            self.count += unnamed;
            for name in &other.named {
                self.add_new(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_counted_once_and_names_are_bounded() {
        let mut findings = Findings::default();
        assert!(findings.add_new("a"));
        assert!(!findings.add_new("a"));
        assert_eq!(findings.count, 1);
        for number in 0..2000 {
            findings.add_new(&number.to_string());
        }
        assert_eq!((findings.count, findings.named.len()), (2001, NAMED_MAX));
    }
}
