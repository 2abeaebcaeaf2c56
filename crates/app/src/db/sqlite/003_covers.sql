-- The photo that stands for a job in the list: the newest that is ready and not hidden.
CREATE INDEX photos_cover ON photos (job_id, stored_at DESC, photo_id DESC)
    WHERE status = 'ready' AND hidden = 0 AND stored_at IS NOT NULL AND deleted_at IS NULL;
