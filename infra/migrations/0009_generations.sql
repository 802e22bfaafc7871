-- Which build each readers' view shows, though code of two versions runs; and how every rebuild is going.

-- A shape has a view of its own, which shows one build: the one in use, or, to readers of the version before, a retired one.
ALTER TABLE letopis.projection ADD COLUMN is_shown boolean NOT NULL DEFAULT false;

UPDATE letopis.projection AS p
SET is_shown = true
FROM (
    SELECT DISTINCT ON (name, shape) name, generation
    FROM letopis.projection
    WHERE state <> 'building'
    ORDER BY name, shape, state = 'retired', generation DESC
) AS newest
WHERE p.name = newest.name
    AND p.generation = newest.generation;

-- serves finding the build that a view shows, and says there is at most one
CREATE UNIQUE INDEX projection_shown ON letopis.projection (name, shape) WHERE is_shown;

-- One row is one build of a read model, retired ones as well: which, how far, and why not further.
CREATE VIEW read.generation_status AS
SELECT
    p.name,
    p.generation,
    p.shape,
    p.state,
    p.position,
    p.event_id,
    h.position AS head,
    greatest(h.position - p.position, 0) AS lag_events,
    coalesce((
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

-- One row is what a view of the schema `read` shows: which build, and how far it is.
CREATE VIEW read.shown AS
SELECT s.name || '_v' || s.shape AS view, s.name, s.shape, s.generation, s.state, s.position, s.is_of_another_log
FROM read.generation_status s
WHERE s.is_shown;

CREATE OR REPLACE VIEW read.projection_status AS
SELECT
    s.name, s.generation, s.shape, s.state, s.position, s.event_id, s.head, s.lag_events, s.lag_seconds, s.fingerprint,
    s.error, s.changed_at
FROM read.generation_status s
WHERE s.state <> 'retired';

-- One row is how the newest rebuild of a read model is going, or how it ended. The rebuild tells it once a second; `wish`
-- and `throttle` (events a second, NULL: as fast as it can) are what its operator asks of it.
CREATE TABLE letopis.rebuild (
    name        text             NOT NULL PRIMARY KEY,
    generation  integer          NOT NULL,
    phase       text             NOT NULL,
    done        bigint           NOT NULL DEFAULT 0,
    total       bigint           NOT NULL DEFAULT 0,
    per_second  double precision NOT NULL DEFAULT 0,
    fraction    double precision NOT NULL DEFAULT 0,
    eta_seconds double precision,
    workers     jsonb            NOT NULL DEFAULT '[]',
    wish        text             NOT NULL DEFAULT 'run' CHECK (wish IN ('run', 'pause', 'cancel')),
    throttle    integer          CHECK (throttle > 0),
    error       text,
    started_at  timestamptz      NOT NULL DEFAULT clock_timestamp(),
    told_at     timestamptz      NOT NULL DEFAULT clock_timestamp(),
    costs       jsonb
);
COMMENT ON COLUMN letopis.rebuild.costs IS 'Seconds for each event and each row, as the last rebuild that ended well took';

-- A rebuild that was killed says nothing any more.
CREATE VIEW read.rebuild_status AS
SELECT
    r.name,
    r.generation,
    CASE WHEN r.is_running OR r.phase IN ('done', 'cancelled', 'failed') THEN r.phase ELSE 'lost' END AS phase,
    r.is_running,
    r.wish = 'pause' AND r.is_running AS is_paused,
    r.done,
    r.total,
    r.per_second,
    r.fraction,
    CASE WHEN r.is_running THEN r.eta_seconds END AS eta_seconds,
    r.workers,
    r.throttle,
    r.error,
    r.started_at,
    r.told_at
FROM (
    SELECT
        *,
        phase NOT IN ('done', 'cancelled', 'failed') AND told_at > clock_timestamp() - interval '15 seconds' AS is_running
    FROM letopis.rebuild
) r;

-- The row first: whoever moves the build on holds its row, and only then touches its tables.
CREATE OR REPLACE FUNCTION letopis.drop_generation(name text, generation integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM letopis.projection p
    WHERE p.name = drop_generation.name AND p.generation = drop_generation.generation;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name || '_g' || generation);
END $$;

GRANT SELECT, INSERT, UPDATE ON letopis.rebuild TO {projector};
GRANT SELECT ON read.shown, read.generation_status, read.rebuild_status TO {reader}, {projector};
