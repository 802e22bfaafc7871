-- That facts are gone, and that somebody goes on without them: only then does a log with a gap go into a backup.

-- One row is a stretch of positions, both ends included, at which no fact stands any more: who went on without them, and
-- why. A gap that has grown since is another one.
CREATE TABLE letopis.accepted_gap (
    first       bigint      NOT NULL CHECK (first > 0),
    last        bigint      NOT NULL CHECK (last >= first),
    reason      text        NOT NULL CHECK (reason <> ''),
    actor       text        NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (first, last)
);
CREATE TRIGGER accepted_gap_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON letopis.accepted_gap
    FOR EACH STATEMENT EXECUTE FUNCTION letopis.refuse_change();
