-- Times are milliseconds since the Unix epoch, UTC. Hashes are SHA-256, 32 bytes.
CREATE TABLE applications (
    application_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    -- NULL for a publishable key, which opens nothing alone.
    role TEXT CHECK (role IN ('staff', 'crew', 'customer')),
    scope_kind TEXT CHECK (scope_kind IN ('all_jobs', 'customer', 'job')),
    scope_id TEXT,
    allowed_origins TEXT NOT NULL,
    requests_per_minute_max INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE links (
    link_id TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('staff', 'crew', 'customer')),
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('all_jobs', 'customer', 'job')),
    scope_id TEXT,
    may_upload INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX links_by_scope ON links (scope_kind, scope_id, created_at);

CREATE TABLE customers (
    customer_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (customer_id),
    title TEXT NOT NULL,
    address TEXT,
    scheduled_for INTEGER,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'in_progress', 'done', 'cancelled')),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_age ON jobs (created_at DESC, job_id DESC);
CREATE INDEX jobs_by_customer ON jobs (customer_id, created_at DESC);

CREATE TABLE photos (
    job_id TEXT NOT NULL REFERENCES jobs (job_id),
    photo_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER,
    sha256 BLOB,
    phase TEXT CHECK (phase IN ('before', 'during', 'after', 'issue')),
    caption TEXT,
    taken_at INTEGER,
    latitude REAL,
    longitude REAL,
    hidden INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('processing', 'ready', 'rejected')),
    uploaded_by TEXT,
    idempotency_key TEXT,
    granted_at INTEGER NOT NULL,
    stored_at INTEGER,
    deleted_at INTEGER,
    PRIMARY KEY (job_id, photo_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX photos_by_idempotency ON photos (job_id, uploaded_by, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX photos_stored ON photos (job_id) WHERE stored_at IS NOT NULL AND deleted_at IS NULL;
