-- What readers saw before the present build is kept for a way back, and costs a fold of every event until it is dropped:
-- since when, and from which position on.
ALTER TABLE letopis.projection
    ADD COLUMN retired_at       timestamptz,
    ADD COLUMN retired_position bigint;

UPDATE letopis.projection
SET retired_at = changed_at, retired_position = position
WHERE state = 'retired';

-- One row is a build of a read model: how far it is, how many of its places wait and for what, and what keeping it has
-- cost since readers see another one (NULL while they see this one).
CREATE VIEW read.build_status AS
SELECT
    s.name,
    s.generation,
    s.shape,
    s.state,
    s.position,
    s.head,
    s.lag_events,
    s.lag_seconds,
    s.fingerprint,
    s.error,
    s.changed_at,
    s.is_shown,
    coalesce(k.parked, 0) AS parked,
    k.parked_from,
    CASE WHEN s.state = 'retired' THEN p.retired_at END AS kept_since,
    CASE WHEN s.state = 'retired' THEN s.position - p.retired_position END AS kept_events
FROM read.generation_status s
JOIN letopis.projection p USING (name, generation)
LEFT JOIN read.parked_count k USING (name, generation);

GRANT SELECT ON read.build_status TO {reader}, {projector};
