-- One row is somebody who looked at somebody: no part of the truth, written after the answer was given, kept for a while.
CREATE TABLE letopis.access (
    access_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accessed_at timestamptz NOT NULL,
    actor       text        NOT NULL,
    subject_id   uuid        NOT NULL,
    question    text        NOT NULL,
    purpose     text
);

-- serves the accesses to one subject in the order of time
CREATE INDEX access_by_subject ON letopis.access (subject_id, accessed_at, access_id);

-- serves the end of those that are too old
CREATE INDEX access_by_time ON letopis.access USING brin (accessed_at);

-- One row is an access as auditors may see it.
CREATE VIEW read.access AS
SELECT a.access_id, a.accessed_at, a.actor, a.subject_id, a.question, a.purpose
FROM letopis.access AS a;
GRANT SELECT ON read.access TO {reader};
GRANT SELECT, INSERT, DELETE ON letopis.access TO {writer};
