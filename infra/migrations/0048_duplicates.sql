-- Which records may be of one party is worked out by a job, from all of them at once: no fold of one stream knows it. What
-- a job found replaces what the one before found, and can be thrown away: the next one makes it anew.

-- One row, once there was a job: how far the parties were known to it, how many it read and how many pairs it compared, and
-- by which weights they were scored (what was counted in all records together; nothing of anybody).
CREATE TABLE letopis.duplicate_run (
    is_only  boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (is_only),
    position bigint      NOT NULL,
    records  bigint      NOT NULL,
    compared bigint      NOT NULL,
    pairs    bigint      NOT NULL,
    settings jsonb       NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL
);

-- One row is two parties that may be one: how probably, and how far they agree in what is known of both, as
-- {"name": "typo", "phone": "different"}. `pair_id` is that of facts about the two; the lesser id comes first.
CREATE TABLE letopis.duplicate_pair (
    pair_id   uuid          NOT NULL PRIMARY KEY,
    party_id  uuid          NOT NULL,
    other_id  uuid          NOT NULL,
    score     numeric(5, 4) NOT NULL CHECK (score BETWEEN 0 AND 1),
    agreement jsonb         NOT NULL,
    CHECK (party_id < other_id)
);
-- serves GET /duplicates: the most probable first, page by page
CREATE INDEX duplicate_pair_by_score ON letopis.duplicate_pair (score, pair_id);
-- serve the pairs of one party
CREATE INDEX duplicate_pair_by_party ON letopis.duplicate_pair (party_id);
CREATE INDEX duplicate_pair_by_other ON letopis.duplicate_pair (other_id);

-- One row is a party: how frequent each thing is that its record says, among all of them then. Who came since is scored
-- against it by that.
CREATE TABLE letopis.duplicate_frequency (
    party_id    uuid   NOT NULL PRIMARY KEY,
    frequencies real[] NOT NULL
);

CREATE VIEW read.duplicate_run AS
SELECT r.position, r.records, r.compared, r.pairs, r.began_at, r.ended_at FROM letopis.duplicate_run AS r;

CREATE VIEW read.duplicate_pair AS
SELECT p.pair_id, p.party_id, p.other_id, p.score, p.agreement FROM letopis.duplicate_pair AS p;

GRANT SELECT, INSERT, DELETE ON letopis.duplicate_run, letopis.duplicate_pair, letopis.duplicate_frequency TO {projector};
GRANT SELECT ON read.duplicate_run, read.duplicate_pair TO {reader}, {projector};

-- It takes long, so it is under way once, whoever asks for it.
DROP INDEX letopis.operation_once;
CREATE UNIQUE INDEX operation_once ON letopis.operation (operation, about)
    WHERE ended_at IS NULL AND operation IN ('rebuild', 'verify', 'rollback', 'drop', 'backup', 'find-duplicates');
