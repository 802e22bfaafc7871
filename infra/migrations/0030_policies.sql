-- A policy's answer to one fact may be very many commands. They are asked in chunks, and the checkpoint says how far
-- inside the answer the policy is.
--
-- `position`: the last fact dealt with whole. `answering`: the id of a later fact that is being answered, and `answered`
-- what its last command so far was about. `moved_at`: when either last changed.
ALTER TABLE letopis.checkpoint
    ADD COLUMN answering uuid,
    ADD COLUMN answered  uuid,
    ADD COLUMN moved_at  timestamptz NOT NULL DEFAULT clock_timestamp();

-- One row is a fact that a policy could not answer whole: a bug, or a command that was refused. It keeps no later fact
-- waiting; each start answers it once more, and the row is gone when that went well.
CREATE TABLE letopis.unanswered (
    name     text        NOT NULL,
    position bigint      NOT NULL,
    code     text        NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, position)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON letopis.unanswered TO {writer};

-- One row is how far a policy is. `lag_seconds` is the age of the oldest fact it has not dealt with; `still_seconds`, how
-- long it has had something to do and did not move.
CREATE VIEW read.policy_status AS
SELECT
    c.name,
    c.position,
    h.position AS head,
    greatest(h.position - c.position, 0) AS lag_events,
    coalesce(extract(epoch FROM clock_timestamp() - n.recorded_at), 0)::double precision AS lag_seconds,
    CASE
        WHEN n.position IS NULL THEN 0
        ELSE extract(epoch FROM clock_timestamp() - greatest(n.recorded_at, c.moved_at))
    END::double precision AS still_seconds,
    c.answering,
    c.moved_at,
    (SELECT count(*) FROM letopis.unanswered AS u WHERE u.name = c.name) AS unanswered,
    (SELECT min(u.position) FROM letopis.unanswered AS u WHERE u.name = c.name) AS unanswered_from
FROM letopis.checkpoint AS c
CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM letopis.event) AS h
LEFT JOIN letopis.event AS n ON n.position = c.position + 1;

GRANT SELECT ON read.policy_status TO {reader}, {projector}, {writer};
