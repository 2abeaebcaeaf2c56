-- Whether a part of the original could not be read, of the bytes that `source_etag` names; 0 where nobody asked.
ALTER TABLE photos ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0 CHECK (damaged IN (0, 1));
