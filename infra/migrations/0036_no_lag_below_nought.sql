-- A fact may be recorded by a clock that was ahead: what has not dealt with it is not behind by less than nothing.
CREATE OR REPLACE VIEW read.generation_status AS
SELECT
    p.name,
    p.generation,
    p.shape,
    p.state,
    p.position,
    p.event_id,
    h.position AS head,
    greatest(h.position - p.position, 0) AS lag_events,
    greatest((
        SELECT extract(epoch FROM clock_timestamp() - n.recorded_at)
        FROM letopis.event n
        WHERE n.position = p.position + 1
    ), 0)::double precision AS lag_seconds,
    p.fingerprint,
    p.error,
    p.changed_at,
    p.is_shown,
    -- a backup was restored, and this was folded from the log before
    p.error IS NOT DISTINCT FROM 'log replaced' OR p.position > h.position AS is_of_another_log
FROM letopis.projection p
CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM letopis.event) h;

CREATE OR REPLACE VIEW read.policy_status AS
SELECT
    c.name,
    c.position,
    h.position AS head,
    greatest(h.position - c.position, 0) AS lag_events,
    greatest(extract(epoch FROM clock_timestamp() - n.recorded_at), 0)::double precision AS lag_seconds,
    CASE
        WHEN n.position IS NULL THEN 0
        ELSE greatest(extract(epoch FROM clock_timestamp() - greatest(n.recorded_at, c.moved_at)), 0)
    END::double precision AS still_seconds,
    c.answering,
    c.moved_at,
    (SELECT count(*) FROM letopis.unanswered AS u WHERE u.name = c.name) AS unanswered,
    (SELECT min(u.position) FROM letopis.unanswered AS u WHERE u.name = c.name) AS unanswered_from
FROM letopis.checkpoint AS c
CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM letopis.event) AS h
LEFT JOIN letopis.event AS n ON n.position = c.position + 1;
