-- One row is somebody who looked at a client: no part of the truth, written after the answer was given, kept for a while.
CREATE TABLE letopis.client_access (
    access_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accessed_at timestamptz NOT NULL,
    actor       text        NOT NULL,
    client_id   uuid        NOT NULL,
    question    text        NOT NULL,
    purpose     text
);

-- serves one client's accesses in the order of time
CREATE INDEX client_access_by_client ON letopis.client_access (client_id, accessed_at, access_id);

-- serves the end of those that are too old
CREATE INDEX client_access_by_time ON letopis.client_access USING brin (accessed_at);

-- One row is an access as auditors may see it.
CREATE VIEW read.client_access AS
SELECT a.access_id, a.accessed_at, a.actor, a.client_id, a.question, a.purpose
FROM letopis.client_access AS a;
GRANT SELECT ON read.client_access TO {reader};
GRANT SELECT, INSERT, DELETE ON letopis.client_access TO {writer};
