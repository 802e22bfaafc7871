-- What a read model could not take in: what waits for it in the log, and what was passed over on somebody's word.

-- One row is a place of one build that waits: the fact at `position` could not be folded into it, so that fact and all
-- later ones of this place are folded by nobody until somebody says `retry` or `skip`. They are in the log, in order.
-- `place` is the key of a row as a JSON array, or {"stream": id} or {"subject": id} where nobody knows which rows the fact
-- touches: then all facts of that stream or subject wait. `reason` says what was raised and where, never with which words:
-- those may quote personal data, of which there is none here.
CREATE TABLE letopis.parked (
    name       text        NOT NULL,
    generation integer     NOT NULL,
    place      jsonb       NOT NULL CHECK (jsonb_typeof(place) IN ('array', 'object')),
    position   bigint      NOT NULL,
    event_id   uuid        NOT NULL,
    topic      text        NOT NULL,
    reason     text        NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- serves finding what a build must not touch
    PRIMARY KEY (name, generation, place),
    FOREIGN KEY (name, generation) REFERENCES letopis.projection ON DELETE CASCADE
);

-- One row is one fact that a read model passes over at one place, in every build of it, for ever: who said so, and why.
-- A key skips the fact for that row, {"stream": id} or {"subject": id} for the whole read model.
CREATE TABLE letopis.skipped (
    name       text        NOT NULL,
    place      jsonb       NOT NULL,
    position   bigint      NOT NULL,
    event_id   uuid        NOT NULL,
    topic      text        NOT NULL,
    failure    text        NOT NULL,
    reason     text        NOT NULL CHECK (reason <> ''),
    actor      text        NOT NULL,
    skipped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, place, position)
);
CREATE TRIGGER skipped_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON letopis.skipped
    FOR EACH STATEMENT EXECUTE FUNCTION letopis.refuse_change();

-- Counts the times that somebody else than its worker changed what waits: a worker that has not heard of it yet writes
-- nothing, and looks again.
ALTER TABLE letopis.projection ADD COLUMN revision integer NOT NULL DEFAULT 0;

-- One row is a place that waits in a read model as readers see it; `concerns` has the ids it is about.
CREATE VIEW read.parked AS
SELECT
    p.name || '_v' || p.shape AS view,
    k.name,
    k.place,
    k.position,
    k.topic,
    k.reason,
    k.parked_at,
    ARRAY(
        SELECT jsonb_array_elements_text(k.place) WHERE jsonb_typeof(k.place) = 'array'
    ) || ARRAY[e.stream_id, e.subject_id]::text[] || e.parties::text[] AS concerns
FROM letopis.parked k
JOIN letopis.projection p ON p.name = k.name AND p.generation = k.generation
LEFT JOIN letopis.event e ON e.position = k.position
WHERE p.is_shown;

-- One row is a build in which something waits: how many places, and the first position that one of them waits for.
CREATE VIEW read.parked_count AS
SELECT k.name, k.generation, count(*) AS parked, min(k.position) AS parked_from
FROM letopis.parked k
GROUP BY k.name, k.generation;

GRANT SELECT, INSERT, UPDATE, DELETE ON letopis.parked TO {projector};
GRANT SELECT, INSERT ON letopis.skipped TO {projector};
GRANT SELECT ON read.parked, read.parked_count TO {reader}, {projector};
