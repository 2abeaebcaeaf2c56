//! A photo's record and its item.

use jiff::Timestamp;

use super::item::{Fill as _, Item, REV, Reader, bytes, flag, fresh_rev, number, sortable, text, time};
use super::jobs::Tally;
use super::keys;
use super::table::{FIRST_INDEX, SECOND_INDEX};
use super::write::Write;
use crate::db::{Cover, Result};
use crate::domain::{
    Caption, JobId, Location, Outcome, Phase, PhotoId, PhotoRecord, PhotoStatus, PrincipalId, Renditions,
    Verdict,
};

/// The place of a photo among those that could be their job's cover; others do not have it.
pub(super) const COVER_RANK: &str = "cover_rank";

/// What [`Photo::item`] writes, and takes away where there is no value. Attributes that are not ours, of a newer version that
/// runs beside this one, stay as they are.
const OPTIONAL: [&str; 28] = [
    "gsi1pk",
    "gsi1sk",
    "gsi2pk",
    "gsi2sk",
    COVER_RANK,
    "size_bytes",
    "sha256",
    "phase",
    "caption",
    "taken_at",
    "latitude",
    "longitude",
    "status",
    "source_etag",
    "rendition_version",
    "width",
    "height",
    "thumbhash",
    "damaged",
    "rejection",
    "process_after",
    "uploaded_by",
    "idempotency_key",
    "stored_at",
    "deleted_at",
    "swept_at",
    "process_attempts",
    "process_blame",
];

/// A photo as the table has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Photo {
    pub(super) record: PhotoRecord,
    /// When the objects of a deleted photo were removed for the last time.
    pub(super) swept_at: Option<Timestamp>,
    /// What was read; empty for a new one.
    read: Item,
}

impl Photo {
    /// A new record, which nobody has looked at nor deleted.
    pub(super) fn fresh(record: PhotoRecord) -> Self {
        let record =
            PhotoRecord { outcome: None, process_attempts: 0, process_blame: 0, deleted_at: None, ..record };
        Self { record, swept_at: None, read: Item::new() }
    }

    /// Whether it counts among its job's photos.
    pub(super) fn counts(&self) -> bool {
        self.record.stored_at.is_some() && self.record.deleted_at.is_none()
    }

    /// What it is as a cover, with its place among the others, if it can be one.
    pub(super) fn cover(&self) -> Option<(String, Cover)> {
        let record = &self.record;
        let stored_at = record.stored_at.filter(|_| record.deleted_at.is_none() && !record.hidden)?;
        let Some(Outcome { verdict: Verdict::Ready(renditions), .. }) = &record.outcome else { return None };
        let cover = Cover { photo_id: record.photo_id.clone(), version: renditions.version.clone() };
        Some((format!("{}#{}", sortable(stored_at), record.photo_id), cover))
    }

    /// Where it is in the second index.
    fn second_index(&self) -> Option<(&'static str, Timestamp)> {
        let record = &self.record;
        match (record.deleted_at, &record.outcome) {
            (Some(deleted_at), _) if self.swept_at.is_none() => Some((keys::SWEEP, deleted_at)),
            (Some(_), _) | (None, Some(_)) => None,
            (None, None) if record.stored_at.is_some() => Some((keys::STORED, record.granted_at)),
            (None, None) => Some((keys::GRANTED, record.granted_at)),
        }
    }

    fn item(&self) -> Item {
        let record = &self.record;
        let mut item = self.read.clone();
        for name in OPTIONAL {
            item.remove(name);
        }
        item.extend(keys::photo(&record.job_id, &record.photo_id).to_item());
        item.set(REV, text(fresh_rev()));
        if let Some(process_after) = record.process_after {
            item.index(FIRST_INDEX, keys::QUEUE, sortable(process_after));
        }
        if let Some((partition, at)) = self.second_index() {
            item.index(SECOND_INDEX, partition, sortable(at));
        }
        item.set_some(COVER_RANK, self.cover().map(|(rank, _)| text(rank)));
        item.set("job_id", text(record.job_id.as_str()));
        item.set("photo_id", text(record.photo_id.as_str()));
        item.set("key", text(&record.key));
        item.set("name", text(&record.name));
        item.set("content_type", text(&record.content_type));
        item.set_some("size_bytes", record.size_bytes.map(number));
        item.set_some("sha256", record.sha256.as_ref().map(|hash| bytes(hash)));
        item.set_some("phase", record.phase.map(|phase| text(phase.as_str())));
        item.set_some("caption", record.caption.as_ref().map(text));
        item.set_some("taken_at", record.taken_at.map(time));
        // As texts: DynamoDB refuses numbers that are close to 0 and yet not 0.
        item.set_some("latitude", record.location.map(|location| text(location.latitude.to_string())));
        item.set_some("longitude", record.location.map(|location| text(location.longitude.to_string())));
        item.set("hidden", flag(record.hidden));
        set_outcome(&mut item, record.outcome.as_ref());
        item.set_some("process_after", record.process_after.map(time));
        item.set("process_attempts", number(record.process_attempts));
        item.set("process_blame", number(record.process_blame));
        item.set_some("uploaded_by", record.uploaded_by.as_ref().map(|id| text(id.as_str())));
        item.set_some("idempotency_key", record.idempotency_key.as_ref().map(text));
        item.set("granted_at", time(record.granted_at));
        item.set_some("stored_at", record.stored_at.map(time));
        item.set_some("deleted_at", record.deleted_at.map(time));
        item.set_some("swept_at", self.swept_at.map(time));
        item
    }

    /// The write that keeps it, if it is still as it was read, and the rev that tells it.
    pub(super) fn put(&self) -> (Write, String) {
        let (key, item) = (keys::photo(&self.record.job_id, &self.record.photo_id), self.item());
        let rev = Reader(&item).text(REV).unwrap_or_default().to_owned();
        (self.unchanged(Write::put(key, item)), rev)
    }

    /// The write that drops it, if it is still as it was read.
    pub(super) fn delete(&self) -> Write {
        self.unchanged(Write::delete(keys::photo(&self.record.job_id, &self.record.photo_id)))
    }

    fn unchanged(&self, write: Write) -> Write {
        match self.read.get(REV) {
            Some(rev) => write.if_equal(REV, rev.clone()),
            None => write.if_absent(),
        }
    }

    /// The guard of its idempotency key: a copy of the record as it was granted, without a place in any index.
    pub(super) fn guard(&self) -> Option<Write> {
        let key = keys::idempotency(&self.record)?;
        let mut item = self.item();
        for index in [FIRST_INDEX, SECOND_INDEX] {
            item.remove(index.partition_key);
            item.remove(index.sort_key);
        }
        item.extend(key.to_item());
        Some(Write::put(key, item).if_absent())
    }

    /// The record in the guard of an idempotency key, as one that is new.
    pub(super) fn from_guard(item: &Item) -> Result<Self> {
        Ok(Self::fresh(Self::from_item(item.clone())?.record))
    }

    pub(super) fn from_item(item: Item) -> Result<Self> {
        let read = Reader(&item);
        let degrees = |name| {
            let text = read.optional_text(name)?;
            text.map(|text| text.parse::<f64>().map_err(|_| read.strange(name))).transpose()
        };
        let sha256 = read.optional_bytes("sha256")?;
        let record = PhotoRecord {
            job_id: read.parsed("job_id", JobId::parse)?,
            photo_id: read.parsed("photo_id", PhotoId::parse)?,
            key: read.text("key")?.to_owned(),
            name: read.text("name")?.to_owned(),
            content_type: read.text("content_type")?.to_owned(),
            size_bytes: read.optional_number("size_bytes")?,
            sha256: sha256.map(|hash| hash.try_into().map_err(|_| read.strange("sha256"))).transpose()?,
            phase: read.optional_word("phase", Phase::parse)?,
            caption: read.optional_owned("caption")?.map(Caption::stored),
            taken_at: read.optional_time("taken_at")?,
            location: degrees("latitude")?
                .zip(degrees("longitude")?)
                .map(|(latitude, longitude)| Location { latitude, longitude }),
            hidden: read.flag("hidden")?,
            outcome: read_outcome(read)?,
            process_after: read.optional_time("process_after")?,
            process_attempts: read.number("process_attempts")?,
            process_blame: read.optional_number("process_blame")?.unwrap_or_default(),
            uploaded_by: read.optional_parsed("uploaded_by", PrincipalId::parse)?,
            idempotency_key: read.optional_owned("idempotency_key")?,
            granted_at: read.time("granted_at")?,
            stored_at: read.optional_time("stored_at")?,
            deleted_at: read.optional_time("deleted_at")?,
        };
        Ok(Self { record, swept_at: read.optional_time("swept_at")?, read: item })
    }

    /// Whether the last writing of it was the one with this rev.
    pub(super) fn has_rev(&self, rev: &str) -> Result<bool> {
        Ok(Reader(&self.read).optional_text(REV)? == Some(rev))
    }
}

fn set_outcome(item: &mut Item, outcome: Option<&Outcome>) {
    let Some(outcome) = outcome else { return item.set("status", text(PhotoStatus::Processing.as_str())) };
    item.set("source_etag", text(&outcome.source_etag));
    match &outcome.verdict {
        Verdict::Rejected(code) => {
            item.set("status", text(PhotoStatus::Rejected.as_str()));
            item.set("rejection", text(code));
        }
        Verdict::Ready(renditions) => {
            item.set("status", text(PhotoStatus::Ready.as_str()));
            item.set("rendition_version", text(&renditions.version));
            item.set("width", number(renditions.width));
            item.set("height", number(renditions.height));
            item.set("thumbhash", bytes(&renditions.thumbhash));
            // Rare, and photos of before do not have it.
            item.set_some("damaged", renditions.damaged.then(|| flag(true)));
        }
    }
}

fn read_outcome(read: Reader<'_>) -> Result<Option<Outcome>> {
    let verdict = match read.word("status", PhotoStatus::parse)? {
        PhotoStatus::Processing | PhotoStatus::Missing => return Ok(None),
        PhotoStatus::Rejected => Verdict::Rejected(read.text("rejection")?.to_owned()),
        PhotoStatus::Ready => Verdict::Ready(Renditions {
            version: read.text("rendition_version")?.to_owned(),
            width: read.number("width")?,
            height: read.number("height")?,
            thumbhash: read.bytes("thumbhash")?,
            damaged: read.optional_flag("damaged")?.unwrap_or_default(),
        }),
    };
    Ok(Some(Outcome { source_etag: read.text("source_etag")?.to_owned(), verdict }))
}

/// What a change of some photos is to their job's tally.
pub(super) struct Effect {
    /// More photos that count, or fewer.
    pub(super) count: i64,
    /// Whether one begins or ends to be a cover, or becomes another.
    pub(super) covers: bool,
}

impl Effect {
    pub(super) fn of<'a>(changes: impl Iterator<Item = (Option<&'a Photo>, Option<&'a Photo>)>) -> Self {
        let mut effect = Self { count: 0, covers: false };
        for (before, after) in changes {
            let counts = |photo: Option<&Photo>| i64::from(photo.is_some_and(Photo::counts));
            effect.count += counts(after) - counts(before);
            effect.covers |= before.and_then(Photo::cover) != after.and_then(Photo::cover);
        }
        effect
    }

    /// Whether the cover that the tally names is among these photos, and so may be none any more.
    pub(super) fn concerns(tally: &Tally, photos: &[&Photo]) -> bool {
        let named = tally.cover.as_ref().map(|(_, cover)| &cover.photo_id);
        named.is_some_and(|named| photos.iter().any(|photo| photo.record.photo_id == *named))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// As DynamoDB reckons: names, and values without their types.
    fn size(item: &Item) -> usize {
        let value = |value: &Value| match (value.get("S"), value.get("N"), value.get("B")) {
            (Some(text), ..) => text.as_str().unwrap().len(),
            (_, Some(number), _) => number.as_str().unwrap().len().div_ceil(2) + 1,
            (_, _, Some(base64)) => base64.as_str().unwrap().len() / 4 * 3,
            _ => 1,
        };
        item.iter().map(|(name, member)| name.len() + value(member)).sum()
    }

    #[test]
    fn a_photo_as_phones_send_it_is_one_unit_of_writing() {
        let (job_id, photo_id) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ");
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let renditions = Renditions {
            version: "1-0123456789abcdef".to_owned(),
            width: 4_032,
            height: 3_024,
            thumbhash: vec![7; 25],
            damaged: true,
        };
        let record = PhotoRecord {
            job_id: JobId::parse(job_id).unwrap(),
            photo_id: PhotoId::parse(photo_id).unwrap(),
            key: format!("jobs/{job_id}/photos/{photo_id}-IMG_20260101_120000.jpg"),
            name: "IMG_20260101_120000.jpg".to_owned(),
            content_type: "image/jpeg".to_owned(),
            size_bytes: Some(4_000_000),
            sha256: Some([7; 32]),
            phase: Some(Phase::Before),
            caption: Some(Caption::stored("The sofa goes, the table stays".to_owned())),
            taken_at: Some(at),
            location: Some(Location { latitude: -33.856_784, longitude: 151.215_297 }),
            hidden: false,
            outcome: Some(Outcome {
                source_etag: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
                verdict: Verdict::Ready(renditions),
            }),
            process_after: None,
            process_attempts: 0,
            process_blame: 0,
            uploaded_by: Some(PrincipalId::parse(job_id).unwrap()),
            idempotency_key: Some("123e4567-e89b-12d3-a456-426614174000".to_owned()),
            granted_at: at,
            stored_at: Some(at),
            deleted_at: None,
        };
        let photo = Photo { record, swept_at: None, read: Item::new() };
        let size = size(&photo.item());
        assert!((700..1_024).contains(&size), "{size} bytes");
        assert_eq!(Photo::from_item(photo.item()).unwrap().record, photo.record);
    }
}
