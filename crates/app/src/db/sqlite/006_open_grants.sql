-- Grants whose object never came: counted for each uploader, and pruned when they are old.
CREATE INDEX photos_unused ON photos (uploaded_by, granted_at) WHERE stored_at IS NULL AND deleted_at IS NULL;
