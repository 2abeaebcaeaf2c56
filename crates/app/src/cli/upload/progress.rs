//! How far it is: bars on a terminal, plain lines elsewhere. Both on standard error.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

const TOTAL: &str = "{bytes:>10} of {total_bytes}  {wide_bar}  {bytes_per_sec}  {eta}";
const FILE: &str = "{bytes:>10} of {total_bytes}  {bar:20}  {wide_msg}";

/// What a person sees of a run.
pub(super) struct Progress {
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    total: ProgressBar,
}

impl Progress {
    /// Shows that so many bytes lie ahead.
    pub(super) fn start(total_bytes: u64) -> Self {
        let bars = std::io::stderr().is_terminal().then(|| {
            let all = MultiProgress::new();
            let total = all.add(ProgressBar::new(total_bytes).with_style(style(TOTAL)));
            Bars { all, total }
        });
        Self { bars }
    }

    /// A line that stays: about what a person has to know, such as a failure.
    pub(super) fn line(&self, text: &str) {
        match &self.bars {
            // A terminal that went away must not end the upload.
            Some(bars) => drop(bars.all.println(text)),
            None => eprintln!("{text}"),
        }
    }

    /// A line for logs. A terminal has its bars instead.
    pub(super) fn log(&self, text: &str) {
        if self.bars.is_none() {
            eprintln!("{text}");
        }
    }

    /// So many bytes need not be sent.
    pub(super) fn skip(&self, bytes: u64) {
        if let Some(bars) = &self.bars {
            bars.total.inc(bytes);
        }
    }

    /// A file begins.
    pub(super) fn file(&self, name: &str, size_bytes: u64) -> FileProgress {
        let bars = self.bars.as_ref().map(|bars| {
            let own = bars.all.add(ProgressBar::new(size_bytes).with_style(style(FILE)));
            own.set_message(name.to_owned());
            (own, bars.total.clone())
        });
        FileProgress { bars, name: name.to_owned(), sent_bytes: AtomicU64::new(0) }
    }

    /// Takes the bars away.
    pub(super) fn finish(&self) {
        if let Some(bars) = &self.bars {
            bars.total.finish_and_clear();
        }
    }
}

/// How far one file is.
pub(super) struct FileProgress {
    bars: Option<(ProgressBar, ProgressBar)>,
    name: String,
    sent_bytes: AtomicU64,
}

impl FileProgress {
    /// So many bytes more were sent.
    pub(super) fn advance(&self, bytes: u64) {
        self.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some((own, total)) = &self.bars {
            own.inc(bytes);
            total.inc(bytes);
        }
    }

    /// How many bytes this try has sent.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::Relaxed)
    }

    /// The file begins anew.
    pub(super) fn restart(&self) {
        let sent = self.sent_bytes.swap(0, Ordering::Relaxed);
        if let Some((own, total)) = &self.bars {
            own.set_position(0);
            total.dec(sent);
        }
    }

    /// Says beside the bar what the file waits for; nothing takes it away.
    pub(super) fn note(&self, text: &str) {
        if let Some((own, _)) = &self.bars {
            let note = if text.is_empty() { String::new() } else { format!(" ({text})") };
            own.set_message(format!("{}{note}", self.name));
        }
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        if let Some((own, _)) = &self.bars {
            own.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants, and a test reads them.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_can_be_read() {
        for template in [TOTAL, FILE] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_file_that_begins_anew_gives_its_bytes_back() {
        let total = ProgressBar::hidden();
        let bars = Some((ProgressBar::hidden(), total.clone()));
        let file = FileProgress { bars, name: "a.jpg".to_owned(), sent_bytes: AtomicU64::new(0) };
        file.advance(70);
        file.restart();
        file.advance(30);
        assert_eq!((file.sent_bytes(), total.position()), (30, 30));
    }
}
