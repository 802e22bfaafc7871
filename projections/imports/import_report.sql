-- One row is one import of old records.
CREATE TABLE {schema}.import_report (
    import_id   uuid        NOT NULL,
    source      text,
    is_strict   boolean     NOT NULL,
    asked_by    text,
    file_names  text[]      NOT NULL,
    digests     text[]      NOT NULL,
    started_at  timestamptz,
    finished_at timestamptz,
    rows        bigint,
    accepted    bigint,
    refused     bigint,
    wrong       bigint,
    -- how it was taken back, and by whom
    reverted    jsonb,
    version     bigint      NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (import_id)
);
