//! `qdn photos`: what a running server lists for a job.

use clap::Args;
use indicatif::HumanBytes;
use serde::Deserialize;

use super::client::{ServerArguments, shown};
use super::say;

#[derive(Args)]
pub(super) struct PhotosArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// The job
    #[arg(long)]
    job: String,
    /// One JSON object per line, as the API gives them, with their signed URLs
    #[arg(long)]
    json: bool,
}

/// What stands in the columns.
#[derive(Deserialize)]
struct Photo {
    #[serde(rename = "photo_id")]
    id: String,
    name: String,
    uploaded_at: jiff::Timestamp,
    size: u64,
    phase: Option<String>,
    status: String,
    #[serde(default)]
    hidden: bool,
}

pub(super) async fn run(arguments: PhotosArguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    if arguments.json {
        return client.each_photo(&arguments.job, |photo: serde_json::Value| say(&photo.to_string())).await;
    }
    let mut is_first = true;
    client
        .each_photo(&arguments.job, |photo: Photo| {
            if std::mem::take(&mut is_first) {
                say(&columns("UPLOADED", "SIZE", "PHASE", "STATUS", "PHOTO ID", "NAME"))?;
            }
            say(&line(&photo))
        })
        .await?;
    if is_first {
        say("no photos yet")?;
    }
    Ok(())
}

fn line(photo: &Photo) -> String {
    let status = if photo.hidden { "hidden" } else { &photo.status };
    columns(
        &photo.uploaded_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        &HumanBytes(photo.size).to_string(),
        photo.phase.as_deref().unwrap_or("-"),
        status,
        &photo.id,
        &photo.name,
    )
}

/// The widths are fixed, so that a long list can be printed page by page; what varies most stands last.
fn columns(uploaded: &str, size: &str, phase: &str, status: &str, photo_id: &str, name: &str) -> String {
    let line = format!("{uploaded:<20}  {size:>10}  {phase:<6}  {status:<10}  {photo_id:<26}  {name}");
    shown(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_headings() {
        let photo = Photo {
            id: "01K0000000000000000000000X".to_owned(),
            name: "front\u{1b}[2J.jpg".to_owned(),
            uploaded_at: "2026-05-04T09:30:00.123Z".parse().unwrap(),
            size: 1_572_864,
            phase: None,
            status: "processing".to_owned(),
            hidden: false,
        };
        let heading = columns("UPLOADED", "SIZE", "PHASE", "STATUS", "PHOTO ID", "NAME");
        let line = line(&photo);
        for (title, value) in [
            ("UPLOADED", "2026-05-04 09:30:00Z"),
            ("PHASE", "- "),
            ("STATUS", "processing"),
            ("PHOTO ID", "01K"),
            ("NAME", "front\u{fffd}[2J.jpg"),
        ] {
            assert_eq!(heading.find(title), line.find(value), "{title}\n{heading}\n{line}");
        }
        assert!(line.contains("  1.50 MiB  "), "{line}");
    }
}
