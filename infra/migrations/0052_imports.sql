-- What people send to be imported lies as bytes in the data folder of the service that took it, until the import has
-- ended; what is known of it beside its facts stands here.

-- One row is a file that was sent. `place` names the data folder its bytes are in: only a process of that folder imports
-- them. `bytes_gone_at` says when the bytes were removed, `errors_until` how long the rows not taken are kept beside them;
-- `unwanted_job` is the job with it that somebody wants to end. The mapping is gone with the bytes: a fact has it.
CREATE TABLE letopis.import_upload (
    import_id     uuid        NOT NULL PRIMARY KEY,
    place         uuid        NOT NULL,
    name          text        NOT NULL,
    digest        text        NOT NULL,
    size_bytes    bigint      NOT NULL,
    target        text        NOT NULL,
    mapping       jsonb,
    asked_by      text        NOT NULL,
    asked_as      text        NOT NULL,
    uploaded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    unwanted_job  uuid,
    is_discarded  boolean     NOT NULL DEFAULT false,
    bytes_gone_at timestamptz,
    errors_until  timestamptz,
    has_errors    boolean     NOT NULL DEFAULT false,
    has_warnings  boolean     NOT NULL DEFAULT false
);
-- serves GET /imports, the latest first
CREATE INDEX import_upload_by_time ON letopis.import_upload (uploaded_at DESC, import_id DESC);

-- says that a file is imported, or rehearsed, by one at a time
CREATE UNIQUE INDEX operation_import_once ON letopis.operation (about) WHERE ended_at IS NULL AND operation = 'import';
-- serves the last job of an import
CREATE INDEX operation_of_import ON letopis.operation (about, asked_at DESC) WHERE operation = 'import';

CREATE VIEW read.import_upload AS
SELECT
    u.import_id,
    u.name,
    u.digest,
    u.size_bytes,
    u.target,
    u.mapping ->> 'source' AS source,
    u.asked_by,
    u.asked_as,
    u.uploaded_at,
    u.is_discarded,
    u.bytes_gone_at IS NULL AS has_bytes,
    u.errors_until,
    u.has_errors,
    u.has_warnings
FROM letopis.import_upload AS u;

GRANT SELECT, INSERT, UPDATE ON letopis.import_upload TO {projector};
GRANT SELECT ON read.import_upload TO {reader}, {projector};
