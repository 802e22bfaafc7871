-- The register of read models: which build of each is read, and how far it has come.

-- One row is one generation (one build) of a read model; its tables are in the schema <name>_g<generation>.
-- `position` and `event_id` are the checkpoint: the last fact examined, written in the transaction that wrote the rows.
CREATE TABLE letopis.projection (
    name        text        NOT NULL,
    generation  integer     NOT NULL CHECK (generation > 0),
    shape       integer     NOT NULL CHECK (shape > 0),
    fingerprint text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('building', 'live', 'paused', 'broken', 'retired')),
    position    bigint      NOT NULL DEFAULT 0,
    event_id    uuid,
    error       text,
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, generation)
) WITH (fillfactor = 50); -- the checkpoint moves with every batch: room for the new version beside the old one

-- serves finding the generation that is read, and says there is at most one
CREATE UNIQUE INDEX projection_in_use ON letopis.projection (name) WHERE state IN ('live', 'paused', 'broken');

-- One row is a read model as its readers may know it: which build, how far, and why not further.
CREATE VIEW read.projection_status AS
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
    p.changed_at
FROM letopis.projection p
CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM letopis.event) h
WHERE p.state <> 'retired';

-- One row at most: the newest fact of the log.
CREATE VIEW read.log_head AS
SELECT e.position, e.event_id, e.recorded_at
FROM letopis.event e
ORDER BY e.position DESC
LIMIT 1;

-- Lets the readers see a view that the projector made in the schema `read`; runs with the projector's own rights.
CREATE FUNCTION letopis.publish_view(view_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT SELECT ON read.%I TO {reader}', view_name);
END $$;

-- Make and drop the schema of one generation with the owner's rights: a right to create schemas in the database would be
-- wider, and would be lost in a copy of it.
CREATE FUNCTION letopis.make_generation(name text, generation integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name || '_g' || generation);
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO {projector}', name || '_g' || generation);
END $$;

CREATE FUNCTION letopis.drop_generation(name text, generation integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name || '_g' || generation);
    DELETE FROM letopis.projection p
    WHERE p.name = drop_generation.name AND p.generation = drop_generation.generation;
END $$;

REVOKE ALL ON FUNCTION
    letopis.publish_view(text), letopis.make_generation(text, integer), letopis.drop_generation(text, integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    letopis.publish_view(text), letopis.make_generation(text, integer), letopis.drop_generation(text, integer)
    TO {projector};
GRANT USAGE ON SCHEMA letopis TO {projector};
GRANT USAGE, CREATE ON SCHEMA read TO {projector};
GRANT SELECT ON letopis.event, letopis.event_party, letopis.subject_key TO {projector};
GRANT SELECT, INSERT, UPDATE ON letopis.projection TO {projector};
GRANT USAGE ON SCHEMA read TO {reader};
GRANT SELECT ON read.projection_status, read.log_head TO {reader}, {projector};
