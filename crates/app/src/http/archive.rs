//! `GET /jobs/{job_id}/photos.zip`: all photos of a job in one file, made while it is sent. Nothing of it is kept but the
//! names, and the piece that is on its way.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use zip::write::{FullFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::auth::{DownloadQuery, Downloader};
use super::extract::PathIds;
use super::problem::{Problem, ProblemBody};
use super::state::App;
use crate::clock;
use crate::domain::merge::ListedPhoto;
use crate::domain::{
    Action, Actor, FileNames, ImageType, Job, ObjectName, PhotoStatus, Rendition, safe_file_name,
};
use crate::s3::{OpenObject, S3Error};

/// Photos looked up at a time.
const PAGE: usize = 200;
/// The longest that one archive may take: even a slow client has some gigabytes by then.
const ARCHIVE_MAX: Duration = Duration::from_hours(2);
/// The largest file that a function sends, in bytes: Lambda takes 6 MB, of which a third goes to base64
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const WHOLE_BYTES_MAX: usize = 4 << 20;
/// Missing photos that are named in an archive.
const MISSING_NAMED_MAX: usize = 10_000;
/// From here on an entry needs the larger form of its sizes.
const LARGE_FILE_BYTES: u64 = u32::MAX as u64 - (1 << 20);

/// Sends all photos of a job as one ZIP file: originals for staff, for others what the list gives them.
#[utoipa::path(get, path = "/jobs/{job_id}/photos.zip", params(("job_id" = String, Path), DownloadQuery), responses(
    (status = 200, description = "The photos", body = Vec<u8>, content_type = "application/zip"),
    (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "Too many archives are being sent", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn read_archive(
    State(app): State<App>,
    Downloader(caller): Downloader,
    PathIds(job_id): PathIds<String>,
) -> Result<Response, Problem> {
    let job = caller.job_of_path(&app, Action::ListPhotos, &job_id).await?;
    let slot = Arc::clone(&app.archive_slots).try_acquire_owned().map_err(|_| too_many())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition(job.title.as_str())?),
    ];
    let mut archive = Archive::new(app.clone(), caller.actor, job, slot);
    // The first page is read before the answer begins, so that what is wrong can still be said.
    archive.read_page().await?;
    if app.config.network.function {
        return Ok((headers, Box::pin(archive.whole()).await?).into_response());
    }
    let pieces = stream::try_unfold(archive, async |mut archive| {
        let piece = archive.next_piece().await.inspect_err(|error| {
            // The connection breaks, so that nobody takes half of the photos for all of them.
            tracing::warn!(job_id = %archive.job.job_id, %error, "an archive of photos ends early");
        })?;
        Ok::<_, ArchiveError>(piece.map(|piece| (piece, archive)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn too_many() -> Problem {
    let detail = "too many archives are being sent; try again soon";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_archives", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("20"))
}

/// The name under which the file is saved, for old clients and for new ones (RFC 6266, section 4.3).
fn disposition(title: &str) -> Result<HeaderValue, Problem> {
    let name = safe_file_name(&format!("{title}.zip"));
    let plain: String = name
        .chars()
        .map(|character| if character.is_ascii() && !"\"\\%".contains(character) { character } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .map_err(Problem::internal)
}

/// Why an archive ends early. The text is for the log.
#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    #[error("{0}")]
    Bucket(#[from] S3Error),
    #[error("the list of photos: {}", .0.cause().unwrap_or(.0.code()))]
    List(Problem),
    #[error("{0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("{0}")]
    Write(#[from] io::Error),
    #[error("it takes too long")]
    Late,
}

/// What the archive's writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive that is being made, step by step, as its reader asks for more. Dropped when the reader goes.
struct Archive {
    app: App,
    actor: Actor,
    job: Job,
    /// The key after which the rest of the photos is listed.
    rest: Option<String>,
    photos: VecDeque<ListedPhoto>,
    open: Option<OpenObject>,
    names: FileNames,
    /// Photos whose original the bucket has lost.
    missing: Vec<String>,
    time_zone: TimeZone,
    /// Until it is finished.
    writer: Option<ZipWriter<StreamWriter<Outbox>>>,
    outbox: Outbox,
    ends_at: Instant,
    _slot: OwnedSemaphorePermit,
}

impl Archive {
    fn new(app: App, actor: Actor, job: Job, slot: OwnedSemaphorePermit) -> Self {
        let outbox = Outbox::default();
        Self {
            time_zone: app.config.photos.time_zone().unwrap_or(TimeZone::UTC),
            app,
            actor,
            rest: Some(ObjectName::photos_prefix(&job.job_id)),
            job,
            photos: VecDeque::new(),
            open: None,
            names: FileNames::default(),
            missing: Vec::new(),
            writer: Some(ZipWriter::new_stream(outbox.clone())),
            outbox,
            ends_at: Instant::now() + ARCHIVE_MAX,
            _slot: slot,
        }
    }

    /// The next bytes of the file; none after the last.
    async fn next_piece(&mut self) -> Result<Option<Bytes>, ArchiveError> {
        loop {
            if Instant::now() > self.ends_at {
                return Err(ArchiveError::Late);
            }
            if let (Some(object), Some(writer)) = (&mut self.open, &mut self.writer) {
                match object.next().await? {
                    Some(bytes) => writer.write_all(&bytes)?,
                    None => self.open = None,
                }
            } else if let Some(photo) = self.photos.pop_front() {
                self.begin(&photo).await?;
            } else if self.rest.is_some() {
                self.read_page().await.map_err(ArchiveError::List)?;
            } else if let Some(mut writer) = self.writer.take() {
                self.name_missing(&mut writer)?;
                writer.finish()?;
            } else {
                return Ok(None);
            }
            let piece = self.outbox.take();
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    /// All of the file, for those who can only send it whole.
    async fn whole(mut self) -> Result<Bytes, Problem> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next_piece().await.map_err(Problem::internal)? {
            if whole.len() + piece.len() > WHOLE_BYTES_MAX {
                let detail = "these photos are too many for one file of this server; save them one by one";
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "archive_too_large", detail));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    async fn read_page(&mut self) -> Result<(), Problem> {
        let Some(start_after) = self.rest.take() else { return Ok(()) };
        let (photos, job_id) = (&self.app.photos, &self.job.job_id);
        let page = photos.collect_page(&self.actor, job_id, start_after, PAGE, clock::now()).await?;
        self.photos = page.photos.into();
        self.rest = page.next;
        Ok(())
    }

    /// Begins the entry of a photo: of the original, or of the copy that this person may have. One that is not there
    /// yet, or no longer, is left out.
    async fn begin(&mut self, photo: &ListedPhoto) -> Result<(), ArchiveError> {
        if photo.status == PhotoStatus::Missing && self.missing.len() < MISSING_NAMED_MAX {
            self.missing.push(format!("{} (photo {})\n", photo.name, photo.photo_id));
        }
        let key = match &photo.renditions {
            _ if photo.original_allowed => photo.key.clone(),
            Some(copy) => ObjectName::rendition_key(
                &self.job.job_id,
                &photo.photo_id,
                &copy.version,
                Rendition::Display,
            ),
            None => return Ok(()),
        };
        let Some(object) = self.app.bucket.open(&key, clock::now()).await? else { return Ok(()) };
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let name = self.names.take(&with_extension(&safe_file_name(&photo.name), &object.content_type));
        let options = FullFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(object.size_bytes >= LARGE_FILE_BYTES);
        let modified = photo.taken_at.unwrap_or(photo.uploaded_at);
        writer.start_file(name, with_time(options, modified, &self.time_zone)?)?;
        self.open = Some(object);
        Ok(())
    }
}

impl Archive {
    /// The last entry of an archive that lacks originals says so.
    fn name_missing(&mut self, writer: &mut ZipWriter<StreamWriter<Outbox>>) -> Result<(), ArchiveError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let name = self.names.take("MISSING PHOTOS.txt");
        let options = FullFileOptions::default().compression_method(CompressionMethod::Stored);
        writer.start_file(name, with_time(options, clock::now(), &self.time_zone)?)?;
        writer.write_all(b"The server has lost the originals of these photos:\n")?;
        Ok(writer.write_all(self.missing.concat().as_bytes())?)
    }
}

/// Returns a photo's name with the extension of its type; the name alone where the type is none of a photo.
fn with_extension(name: &str, content_type: &str) -> String {
    ImageType::by_content_type(content_type).map_or_else(|| name.to_owned(), |known| known.file_name(name))
}

/// A time in both of a ZIP's ways: as clocks of the business showed it, and, for those who read that, exactly.
fn with_time(
    options: FullFileOptions<'static, 'static>,
    time: Timestamp,
    time_zone: &TimeZone,
) -> Result<FullFileOptions<'static, 'static>, ArchiveError> {
    let local = time_zone.to_datetime(time);
    let unsigned = |number: i8| u8::try_from(number).unwrap_or_default();
    let clock = DateTime::from_date_and_time(
        u16::try_from(local.year()).unwrap_or_default(),
        unsigned(local.month()),
        unsigned(local.day()),
        unsigned(local.hour()),
        unsigned(local.minute()),
        unsigned(local.second()),
    );
    let options = options.last_modified_time(clock.unwrap_or_default());
    match u32::try_from(time.as_second()) {
        Ok(seconds) => Ok(options.with_extended_timestamp(Some(seconds), None, None)?),
        Err(_) => Ok(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_photo_keeps_its_name() {
        assert_eq!(with_extension("notes.txt", "binary/octet-stream"), "notes.txt");
        assert_eq!(with_extension("a.heic", "image/jpeg"), "a.jpg");
    }

    #[test]
    fn the_name_of_the_download_says_the_jobs_title() {
        assert_eq!(
            disposition("Küche \"räumen\"").unwrap().to_str().unwrap(),
            "attachment; filename=\"K_che _r_umen_.zip\"; filename*=UTF-8''K%C3%BCche%20%5Fr%C3%A4umen%5F%2Ezip"
        );
    }
}
