//! The bucket is the truth about which bytes exist, the database about everything else; here they meet.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::stored_object::StoredObject;
use super::{
    Actor, Caption, JobId, Location, ObjectName, Phase, PhotoId, PhotoRecord, PhotoStatus, Renditions,
    Verdict,
};

/// A photo as one person may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedPhoto {
    /// Under which it is addressed.
    pub photo_id: PhotoId,
    /// The original's key.
    pub key: String,
    /// For people.
    pub name: String,
    /// Bytes of the original.
    pub size_bytes: u64,
    /// When it was stored.
    pub uploaded_at: Timestamp,
    /// When the shutter fell.
    pub taken_at: Option<Timestamp>,
    /// When in the job.
    pub phase: Option<Phase>,
    /// Free text.
    pub caption: Option<Caption>,
    /// Hidden from customers; only those who may see hidden photos are told.
    pub hidden: bool,
    /// Where it was taken; only those who may see private data are told.
    pub location: Option<Location>,
    /// How far the processor is.
    pub status: PhotoStatus,
    /// Whether it waits for the processor, for the first time or again.
    pub waiting: bool,
    /// The renditions, once there are any of these bytes.
    pub renditions: Option<Renditions>,
    /// Why the bytes cannot be shown.
    pub rejection: Option<String>,
    /// Whether this person may have the original.
    pub original_allowed: bool,
}

/// A page of the bucket, and what the database knows of its photos.
#[derive(Debug, Default)]
pub struct Page {
    /// The objects, in the order of their keys.
    pub objects: Vec<StoredObject>,
    /// The records of their photos.
    pub records: BTreeMap<PhotoId, PhotoRecord>,
    /// Records of photos that were stored and that the bucket has no more, in the order of their keys.
    pub missing: Vec<PhotoRecord>,
}

/// What one page of a listing comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Merged {
    /// The photos this person sees, in the order of their keys.
    pub photos: Vec<ListedPhoto>,
    /// Granted uploads whose object is seen for the first time, with its time.
    pub newly_stored: Vec<(PhotoId, Timestamp)>,
    /// Keys of objects that staff deleted but that are there again, as when a form was sent once more.
    pub deleted_again: Vec<String>,
    /// Photos that nobody has processed and that nobody waits for, each with its object.
    pub unprocessed: Vec<(PhotoId, StoredObject)>,
}

/// Merges a page of the bucket with the records of its photos, for one person.
pub fn merge(job_id: &JobId, page: &Page, actor: &Actor) -> Merged {
    let mut merged = Merged::default();
    for object in &page.objects {
        let Some(name) = ObjectName::parse_original(job_id, &object.key) else { continue };
        let known = page.records.get(name.photo_id());
        // An id of ours without its record: that may be lost and have said hidden, so the photo is until staff show it.
        let is_unrecorded = name.photo_id().is_ours() && known.is_none_or(|record| record.key != object.key);
        // A record speaks only for its own object: the same id under another name is a foreign object.
        let (name, record) = match known {
            Some(record) if record.key != object.key => match ObjectName::foreign(job_id, &object.key) {
                Some(foreign) => (foreign, None),
                None => continue,
            },
            record => (name, record),
        };
        if record.is_some_and(|record| record.deleted_at.is_some()) {
            merged.deleted_again.push(object.key.clone());
            continue;
        }
        if record.is_some_and(|record| record.stored_at.is_none()) {
            merged.newly_stored.push((name.photo_id().clone(), object.stored_at));
        }
        let mut photo = listed(&name, object, record, actor);
        photo.hidden |= is_unrecorded;
        if photo.status == PhotoStatus::Processing
            && record.is_none_or(|record| record.process_after.is_none())
        {
            merged.unprocessed.push((photo.photo_id.clone(), object.clone()));
        }
        let concealed = photo.hidden || photo.status == PhotoStatus::Rejected;
        if actor.may_see_hidden() || !concealed {
            merged.photos.push(photo);
        }
    }
    if actor.may_see_missing() {
        merged.photos.extend(page.missing.iter().map(|record| missing(record, actor)));
        merged.photos.sort_by(|left, right| left.key.cmp(&right.key));
    }
    merged
}

/// A photo whose original is gone; what is left of it are its record and perhaps its renditions.
fn missing(record: &PhotoRecord, actor: &Actor) -> ListedPhoto {
    let renditions = match record.outcome.as_ref().map(|outcome| &outcome.verdict) {
        Some(Verdict::Ready(renditions)) => Some(renditions.clone()),
        _ => None,
    };
    ListedPhoto {
        photo_id: record.photo_id.clone(),
        key: record.key.clone(),
        name: record.name.clone(),
        size_bytes: record.size_bytes.unwrap_or_default(),
        uploaded_at: record.stored_at.unwrap_or(record.granted_at),
        taken_at: record.taken_at,
        phase: record.phase,
        caption: record.caption.clone(),
        hidden: record.hidden,
        location: record.location.filter(|_| actor.may_see_location()),
        status: PhotoStatus::Missing,
        waiting: false,
        renditions,
        rejection: None,
        original_allowed: false,
    }
}

fn listed(
    name: &ObjectName,
    object: &StoredObject,
    record: Option<&PhotoRecord>,
    actor: &Actor,
) -> ListedPhoto {
    let plain_name = match name {
        ObjectName::Photo { name, .. } => name.as_str().to_owned(),
        other => other.photo_id().as_str().rsplit('/').next().unwrap_or_default().to_owned(),
    };
    // An outcome speaks only for the bytes it was made of.
    let outcome = record
        .and_then(|record| record.outcome.as_ref())
        .filter(|outcome| outcome.source_etag == object.etag);
    let (status, renditions, rejection) = match outcome.map(|outcome| &outcome.verdict) {
        None => (PhotoStatus::Processing, None, None),
        Some(Verdict::Ready(renditions)) => (PhotoStatus::Ready, Some(renditions.clone()), None),
        Some(Verdict::Rejected(code)) => (PhotoStatus::Rejected, None, Some(code.clone())),
    };
    ListedPhoto {
        photo_id: name.photo_id().clone(),
        key: object.key.clone(),
        name: record.map_or(plain_name, |record| record.name.clone()),
        size_bytes: object.size_bytes,
        uploaded_at: object.stored_at,
        taken_at: record.and_then(|record| record.taken_at),
        phase: record.and_then(|record| record.phase),
        caption: record.and_then(|record| record.caption.clone()),
        hidden: record.is_some_and(|record| record.hidden),
        location: record.and_then(|record| record.location).filter(|_| actor.may_see_location()),
        status,
        waiting: record.is_some_and(|record| record.process_after.is_some()),
        renditions,
        rejection,
        original_allowed: actor.may_see_original(record.and_then(|record| record.uploaded_by.as_ref())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LinkId, Outcome, PhotoName, Principal, PrincipalId, Role, Scope};

    const ULID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn job() -> JobId {
        JobId::parse("J1").unwrap()
    }

    fn actor(role: Role) -> Actor {
        Actor {
            principal: Principal::Link(LinkId::parse("L").unwrap()),
            role,
            scope: Scope::AllJobs,
            may_upload: false,
        }
    }

    fn object(key: &str) -> StoredObject {
        StoredObject {
            key: key.to_owned(),
            size_bytes: 7,
            stored_at: Timestamp::from_second(60).unwrap(),
            etag: "e1".to_owned(),
        }
    }

    fn record(name: &str) -> PhotoRecord {
        let photo_id = PhotoId::parse(ULID).unwrap();
        let key =
            ObjectName::Photo { job_id: job(), photo_id: photo_id.clone(), name: PhotoName::sanitise(name) };
        PhotoRecord {
            name: name.to_owned(),
            content_type: "image/jpeg".to_owned(),
            size_bytes: Some(7),
            phase: Some(Phase::Before),
            uploaded_by: Some(PrincipalId::parse("L").unwrap()),
            ..PhotoRecord::granted(job(), photo_id, key.key(), Timestamp::UNIX_EPOCH)
        }
    }

    fn merged(keys: &[&str], records: &[PhotoRecord], role: Role) -> Merged {
        let objects = keys.iter().map(|key| object(key)).collect();
        let records = records.iter().map(|record| (record.photo_id.clone(), record.clone())).collect();
        merge(&job(), &Page { objects, records, missing: Vec::new() }, &actor(role))
    }

    #[test]
    fn an_object_and_its_record_are_one_photo() {
        let record = record("front door.jpg");
        let merged = merged(&[&record.key], std::slice::from_ref(&record), Role::Crew);
        assert_eq!(merged.photos.len(), 1);
        let photo = &merged.photos[0];
        assert_eq!((photo.name.as_str(), photo.phase), ("front door.jpg", Some(Phase::Before)));
        assert!(photo.original_allowed);
        assert_eq!(merged.newly_stored, [(record.photo_id, Timestamp::from_second(60).unwrap())]);
    }

    #[test]
    fn a_record_without_its_object_is_not_listed() {
        assert_eq!(merged(&[], &[record("a.jpg")], Role::Staff), Merged::default());
    }

    #[test]
    fn objects_of_older_tools_are_listed_without_records() {
        let keys = ["jobs/J1/photos/IMG 1.jpg", "jobs/J1/photos/", "jobs/J1/photos/x/b.jpg"];
        let merged = merged(&keys, &[], Role::Staff);
        let ids: Vec<_> = merged.photos.iter().map(|photo| photo.photo_id.as_str()).collect();
        assert_eq!(ids, ["IMG 1.jpg", "x/b.jpg"]);
        assert_eq!(merged.photos[1].name, "b.jpg");
    }

    #[test]
    fn customers_see_no_hidden_photo_and_no_original() {
        let mut hidden = record("a.jpg");
        hidden.hidden = true;
        let keys = [hidden.key.clone(), "jobs/J1/photos/b.jpg".to_owned()];
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let seen = merged(&keys, std::slice::from_ref(&hidden), Role::Customer).photos;
        assert_eq!(seen.len(), 1);
        assert!(!seen[0].original_allowed);
        assert_eq!(merged(&keys, &[hidden], Role::Staff).photos.len(), 2);
    }

    #[test]
    fn a_deleted_photo_whose_form_was_sent_again_stays_away() {
        let mut gone = record("a.jpg");
        gone.deleted_at = Some(Timestamp::UNIX_EPOCH);
        let merged = merged(&[&gone.key.clone()], std::slice::from_ref(&gone), Role::Staff);
        assert!(merged.photos.is_empty());
        assert_eq!(merged.deleted_again, [gone.key]);
    }

    fn processed(verdict: Verdict) -> PhotoRecord {
        let outcome = Outcome { source_etag: "e1".to_owned(), verdict };
        let location = Some(Location { latitude: 1.0, longitude: 2.0 });
        PhotoRecord { outcome: Some(outcome), location, ..record("a.jpg") }
    }

    #[test]
    fn what_was_processed_is_ready_for_everybody_and_its_place_for_staff_only() {
        let renditions =
            Renditions { version: "1-ab".to_owned(), width: 4, height: 3, thumbhash: vec![1], damaged: true };
        let record = processed(Verdict::Ready(renditions.clone()));
        for role in [Role::Staff, Role::Crew, Role::Customer] {
            let merged = merged(&[&record.key], std::slice::from_ref(&record), role);
            let photo = &merged.photos[0];
            assert_eq!((photo.status, &photo.renditions), (PhotoStatus::Ready, &Some(renditions.clone())));
            assert_eq!(photo.location.is_some(), role == Role::Staff);
            assert_eq!(merged.unprocessed, []);
        }
    }

    #[test]
    fn what_cannot_be_shown_is_listed_for_the_business_only() {
        let record = processed(Verdict::Rejected("corrupt".to_owned()));
        let seen = |role| merged(&[&record.key], std::slice::from_ref(&record), role).photos;
        assert_eq!(seen(Role::Staff)[0].rejection.as_deref(), Some("corrupt"));
        assert_eq!(seen(Role::Crew)[0].status, PhotoStatus::Rejected);
        assert_eq!(seen(Role::Customer), []);
    }

    #[test]
    fn other_bytes_under_the_same_key_wait_for_the_processor_again() {
        let mut record = processed(Verdict::Rejected("corrupt".to_owned()));
        record.outcome.as_mut().unwrap().source_etag = "e0".to_owned();
        let before = merged(&[&record.key], std::slice::from_ref(&record), Role::Customer);
        assert_eq!(before.photos[0].status, PhotoStatus::Processing);
        assert_eq!(before.unprocessed.len(), 1);
        record.process_after = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(merged(&[&record.key], std::slice::from_ref(&record), Role::Staff).unprocessed, []);
        assert_eq!(merged(&["jobs/J1/photos/b.jpg"], &[], Role::Staff).unprocessed.len(), 1);
    }

    #[test]
    fn a_strangers_object_under_our_id_takes_nothing_from_the_record() {
        let mut ours = record("a.jpg");
        ours.hidden = true;
        let stranger = format!("jobs/J1/photos/{ULID}-evil.jpg");
        let seen = merged(&[&ours.key.clone(), &stranger], &[ours], Role::Staff).photos;
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[1].photo_id.as_str(), format!("{ULID}-evil.jpg"));
        assert!(seen[1].phase.is_none());
    }

    #[test]
    fn an_object_of_ours_without_its_record_is_hidden_until_staff_show_it() {
        let key = record("a.jpg").key;
        let mut other = record("b.jpg");
        other.hidden = false;
        for records in [vec![], vec![other]] {
            assert_eq!(merged(&[&key], &records, Role::Customer).photos, []);
            assert!(merged(&[&key], &records, Role::Staff).photos[0].hidden);
        }
        let photo_id = PhotoId::parse(ULID).unwrap();
        let adopted = PhotoRecord::of_object(&job(), &photo_id, &object(&key));
        assert_eq!(merged(&[&key], &[adopted], Role::Customer).photos, []);
        let foreign = PhotoId::parse("IMG 1.jpg").unwrap();
        assert!(!PhotoRecord::of_object(&job(), &foreign, &object("jobs/J1/photos/IMG 1.jpg")).hidden);
    }

    #[test]
    fn a_stored_photo_that_the_bucket_lacks_is_listed_for_staff_in_its_place() {
        let mut gone = record("a.jpg");
        gone.stored_at = Some(Timestamp::from_second(30).unwrap());
        let page = |role| {
            let objects = vec![object("jobs/J1/photos/00.jpg"), object("jobs/J1/photos/b.jpg")];
            let page = Page { objects, records: BTreeMap::new(), missing: vec![gone.clone()] };
            merge(&job(), &page, &actor(role)).photos
        };
        let staff = page(Role::Staff);
        assert_eq!(staff[1].status, PhotoStatus::Missing);
        assert_eq!((staff[1].name.as_str(), staff[1].original_allowed), ("a.jpg", false));
        assert_eq!(staff.len(), 3);
        assert_eq!((page(Role::Crew).len(), page(Role::Customer).len()), (2, 2));
    }
}
