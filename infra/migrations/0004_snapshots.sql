-- One row is the state of one stream at one version, a shortcut for loading a long one. It is made from the log, is no
-- part of the truth, and may be deleted at any time: a person who is forgotten takes their snapshots with them.
-- `state` is opaque here; whoever takes a snapshot seals what is personal in it.
CREATE TABLE letopis.snapshot (
    stream_id uuid        NOT NULL,
    version   integer     NOT NULL CHECK (version >= 0),
    topic     text        NOT NULL,
    state     bytea       NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- serves finding a stream's newest snapshot, or the newest up to a version
    PRIMARY KEY (stream_id, version)
);
GRANT SELECT, INSERT, DELETE ON letopis.snapshot TO {writer};
