//! One photo as a form to the photo store: the grant's fields in their order, then the file, streamed.

use std::future::Future;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Response};
use serde::Deserialize;
use tokio::time::Instant;

use super::file::{HashedPhoto, Watch};
use super::grant::Grant;
use super::progress::FileProgress;
use super::trouble::{Passing, Trouble};
use crate::cli::client::{REFUSAL_BYTES_MAX, cause, is_passing, read_at_most, retry_after, shown};

/// How long a connection may take none of the photo, or the store may take to answer. There is no limit on the whole:
/// a large photo on a slow link is welcome. The connection takes up to 256 KiB at a time, so this is 2 KiB a second.
const STALL_MAX: Duration = Duration::from_mins(2);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Sends a photo once.
pub(super) async fn send(
    http: &reqwest::Client,
    photo: &Arc<HashedPhoto>,
    grant: Grant,
    progress: &Arc<FileProgress>,
) -> Result<(), Trouble> {
    let sending = Arc::new(Sending { progress: Arc::clone(progress), broken: OnceLock::new() });
    let watch: Arc<dyn Watch> = sending.clone();
    let pieces = photo.open(watch).await.map_err(Trouble::Final)?.into_stream();
    let mut form = Form::new();
    for (name, value) in grant.fields {
        form = form.text(name, value);
    }
    // The file's own name could say nothing here: the key is the grant's.
    let part = Part::stream_with_length(Body::wrap_stream(pieces), photo.size_bytes())
        .file_name("photo")
        .mime_str(photo.content_type())
        .map_err(|_| Trouble::Final("has a type that cannot be sent".to_owned()))?;
    let store = grant.url.origin().ascii_serialization();
    let request = http.post(grant.url).multipart(form.part("file", part)).send();
    let answered = unless_stalled(|| progress.sent_bytes(), request).await;
    // A request that was cut off by its own body is the file's trouble, not the connection's.
    if let Some(reason) = sending.broken.get() {
        return Err(Trouble::Final(reason.clone()));
    }
    let response = match answered {
        Some(Ok(response)) => response,
        Some(Err(error)) => return Err(lost(&store, &error)),
        None => {
            return Err(Trouble::passing(format!(
                "{store} took nothing for {} seconds",
                STALL_MAX.as_secs()
            )));
        }
    };
    let stalled = || Trouble::passing(format!("{store} did not finish its answer"));
    unless_stalled(|| 0, read_answer(response)).await.ok_or_else(stalled)?
}

/// Follows one try.
struct Sending {
    progress: Arc<FileProgress>,
    broken: OnceLock<String>,
}

impl Watch for Sending {
    fn taken(&self, bytes: u64) {
        self.progress.advance(bytes);
    }

    fn broken(&self, reason: String) {
        // A stream fails once; there is no second reason to lose.
        let _ = self.broken.set(reason);
    }
}

/// The value of `work`, or `None` when `sent_bytes` has stood still for too long.
async fn unless_stalled<T>(sent_bytes: impl Fn() -> u64, work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    let (mut seen, mut since) = (sent_bytes(), Instant::now());
    loop {
        if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
            return Some(done);
        }
        let sent = sent_bytes();
        if sent != seen {
            (seen, since) = (sent, Instant::now());
        } else if since.elapsed() >= STALL_MAX {
            return None;
        }
    }
}

fn lost(store: &str, error: &reqwest::Error) -> Trouble {
    let cause = cause(error);
    let is_unreachable = error.is_connect();
    let reason = if is_unreachable {
        format!("cannot reach the photo store at {store} ({cause})")
    } else {
        format!("lost the photo store at {store} ({cause})")
    };
    Trouble::Passing(Passing { reason, retry_after: None, is_unreachable })
}

/// S3's error document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct S3Refusal {
    code: String,
    message: String,
}

async fn read_answer(response: Response) -> Result<(), Trouble> {
    let (status, asked) = (response.status(), retry_after(response.headers()));
    let body = read_at_most(response, REFUSAL_BYTES_MAX).await;
    if status.is_success() {
        // What the success says is not needed: it came.
        return Ok(());
    }
    let refusal = body.map_err(io::Error::other).ok().and_then(|body| {
        let text = String::from_utf8_lossy(&body).into_owned();
        quick_xml::de::from_str::<S3Refusal>(&text).ok()
    });
    Err(judge(status, &refusal.unwrap_or_default(), asked))
}

/// What to do about a refusal of the store.
fn judge(status: StatusCode, refusal: &S3Refusal, asked: Option<Duration>) -> Trouble {
    let said = match (refusal.code.as_str(), refusal.message.as_str()) {
        ("", _) => String::new(),
        (code, message) => format!(": {} ({})", shown(message), shown(code)),
    };
    let reason = format!("the photo store answered {}{said}", status.as_str());
    // The connection broke or bent the bytes, or the grant grew old on the way: every try has a grant of its own.
    let on_the_way =
        ["BadDigest", "IncompleteBody", "RequestTimeout", "XAmzContentChecksumMismatch", "ExpiredToken"];
    let is_expired = status == StatusCode::FORBIDDEN && refusal.message.contains("expired");
    if status == StatusCode::INSUFFICIENT_STORAGE {
        Trouble::Everything("the server's disk is full".to_owned())
    } else if is_passing(status) || is_expired || on_the_way.contains(&refusal.code.as_str()) {
        Trouble::Passing(Passing { reason, retry_after: asked, is_unreachable: false })
    } else {
        Trouble::Final(reason)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn judged(status: u16, code: &str, message: &str) -> Trouble {
        let refusal = S3Refusal { code: code.to_owned(), message: message.to_owned() };
        judge(StatusCode::from_u16(status).unwrap(), &refusal, None)
    }

    #[test]
    fn refusals_of_the_store_are_told_apart() {
        let expired = "Invalid according to Policy: Policy expired at 2026-05-04T09:30:00Z.";
        for (status, code, message) in [
            (503, "SlowDown", "Please reduce your request rate."),
            (500, "", ""),
            (403, "AccessDenied", expired),
            (400, "BadDigest", "The SHA256 you specified did not match."),
            (400, "IncompleteBody", "The form ended."),
        ] {
            assert!(matches!(judged(status, code, message), Trouble::Passing(_)), "{status} {code}");
        }
        for (status, code) in
            [(403, "AccessDenied"), (412, "PreconditionFailed"), (400, "EntityTooLarge"), (302, "")]
        {
            let trouble = judged(status, code, "no\u{1b}");
            assert!(matches!(&trouble, Trouble::Final(reason) if !reason.contains('\u{1b}')), "{trouble:?}");
        }
        assert!(matches!(judged(507, "", ""), Trouble::Everything(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_photo_goes_on_and_a_stalled_one_ends() {
        let sent = Cell::new(0);
        let slow = async {
            for _ in 0..20 {
                tokio::time::sleep(STALL_MAX.saturating_sub(LOOK * 2)).await;
                sent.set(sent.get() + 1);
            }
        };
        assert_eq!(unless_stalled(|| sent.get(), slow).await, Some(()));
        let start = Instant::now();
        assert_eq!(unless_stalled(|| 7, std::future::pending::<()>()).await, None);
        assert!(start.elapsed() >= STALL_MAX && start.elapsed() < STALL_MAX + LOOK * 3);
    }
}
