-- What the processor decided, of the bytes that `source_etag` names.
ALTER TABLE photos ADD COLUMN source_etag TEXT;
ALTER TABLE photos ADD COLUMN rendition_version TEXT;
ALTER TABLE photos ADD COLUMN width INTEGER;
ALTER TABLE photos ADD COLUMN height INTEGER;
ALTER TABLE photos ADD COLUMN thumbhash BLOB;
ALTER TABLE photos ADD COLUMN rejection TEXT;
-- When the processor is to look at the photo; NULL while nobody waits for that.
ALTER TABLE photos ADD COLUMN process_after INTEGER;
ALTER TABLE photos ADD COLUMN process_attempts INTEGER NOT NULL DEFAULT 0;
-- When the objects of a deleted photo were removed for the last time.
ALTER TABLE photos ADD COLUMN swept_at INTEGER;
CREATE INDEX photos_waiting ON photos (process_after) WHERE process_after IS NOT NULL;
CREATE INDEX photos_to_sweep ON photos (deleted_at) WHERE deleted_at IS NOT NULL AND swept_at IS NULL;
