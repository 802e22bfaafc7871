-- The append takes arrays of records in PostgreSQL's own binary form. It took JSON documents, and reading those, each
-- several times over, was more than half of its work.
--
-- A fact carries the parties it concerns, so that whoever follows the log needs no second look-up, and whoever proves
-- the log proves them too; event_party is from now on only the way from a party to its facts.

ALTER TABLE letopis.event ADD COLUMN parties uuid[];
ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable;
UPDATE letopis.event AS e
SET parties = ARRAY(
    SELECT p.party_id
    FROM letopis.event_party AS p
    WHERE p.position = e.position
    ORDER BY p.party_id);
ALTER TABLE letopis.event ENABLE TRIGGER event_is_immutable;
ALTER TABLE letopis.event ALTER COLUMN parties SET NOT NULL;
DROP INDEX letopis.event_party_by_position;

-- A command's facts follow one another in the log and the last one is at `position`: their number says the rest.
ALTER TABLE letopis.receipt ADD COLUMN event_count integer;
ALTER TABLE letopis.receipt DISABLE TRIGGER receipt_is_immutable;
UPDATE letopis.receipt AS r
SET event_count = json_array_length(r.events);
ALTER TABLE letopis.receipt ENABLE TRIGGER receipt_is_immutable;
ALTER TABLE letopis.receipt ALTER COLUMN event_count SET NOT NULL;
ALTER TABLE letopis.receipt DROP COLUMN events;

DROP FUNCTION letopis.append(json, json, json, json, json, boolean);
DROP FUNCTION letopis.settle_claims(json, integer);

-- One record is one command of the batch; its place in the array, from 0, is the `n` of the other records.
CREATE TYPE letopis.given_command AS (
    command_id   uuid,
    content_hash bytea,
    stream_id    uuid,
    version      integer,
    event_count  integer
);
-- One record is the head of a stream that a command was decided on; version 0 and no event: nothing was recorded.
CREATE TYPE letopis.given_expectation AS (n integer, stream_id uuid, version integer, event_id uuid);
-- One record is a fact that a command records; the facts stand in the order of their commands.
CREATE TYPE letopis.given_event AS (
    n              integer,
    event_id       uuid,
    stream_id      uuid,
    version        integer,
    topic          text,
    schema_version smallint,
    subject_id     uuid,
    occurred_at    timestamptz,
    actor          text,
    command_id     uuid,
    correlation_id uuid,
    causation_id   uuid,
    parties        uuid[],
    body           json
);
-- One record is an identity that a command takes or gives back; share_with null: everybody may have it too.
CREATE TYPE letopis.given_claim AS (
    n          integer,
    kind       text,
    key        bytea,
    holder_id  uuid,
    share_with uuid[],
    is_taken   boolean
);
-- One record is a data key made for a command's facts.
CREATE TYPE letopis.given_key AS (n integer, subject_id uuid, wrapped bytea);

-- The only way into the log: one batch of decided commands, in order, each stored whole or left out whole.
--
-- Left out is a command whose expectation fails, whose command_id has a receipt, whose identity others hold and nobody
-- it may share it with, or whose key another process made first; and so is every later command of the batch that
-- shares a stream with one left out, because it was decided on a state that never existed. If `is_atomic`, nothing is
-- stored when a command is left out (SQLSTATE LT001, the outcomes in DETAIL).
--
-- Returns the last position before the batch (the facts stored follow it, in the order given), the time of recording,
-- and of each command left out [{n, status, …}]: replayed (the receipt), stale, cascaded, claimed (kind, holder_id).
--
-- The lock makes commit order = position order, and is held for no round trip. Each statement below has a
-- snapshot of its own (READ COMMITTED, VOLATILE), so it sees everything committed before the lock was got.
CREATE FUNCTION letopis.append(
    commands letopis.given_command[], expectations letopis.given_expectation[], events letopis.given_event[],
    claims letopis.given_claim[], keys letopis.given_key[], is_atomic boolean,
    OUT head_position bigint, OUT moment timestamptz, OUT outcomes jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, letopis, pg_temp
-- Every look-up below is by key. A plan made while the tables were small would read them whole, and a session keeps its
-- plans: the append would get slower with every fact until the next ANALYZE.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    reasons       jsonb;            -- n -> why it is left out, before the cascade
    left_out      integer[] := '{}';
    tainted       uuid[] := '{}';
    is_intricate  boolean := false; -- claims that have to be looked at one command after the other
    each          record;
    rival         record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('letopis.append', 0));

    SELECT jsonb_object_agg(found.n, found.reason)
    INTO reasons
    FROM (
        SELECT first_seen.n, '{"status": "stale"}'::jsonb AS reason
        FROM (
            SELECT DISTINCT ON (x.stream_id) x.n, x.stream_id, x.version, x.event_id
            FROM unnest(expectations) AS x
            ORDER BY x.stream_id, x.n
        ) AS first_seen
        LEFT JOIN LATERAL (
            SELECT h.version, h.event_id
            FROM letopis.event AS h
            WHERE h.stream_id = first_seen.stream_id
            ORDER BY h.version DESC
            LIMIT 1
        ) AS head ON true
        WHERE (coalesce(head.version, 0), head.event_id) IS DISTINCT FROM (first_seen.version, first_seen.event_id)
        UNION ALL
        SELECT k.n, '{"status": "stale"}'::jsonb
        FROM unnest(keys) AS k
        JOIN letopis.subject_key AS present USING (subject_id)
        WHERE present.wrapped <> k.wrapped
        UNION ALL
        SELECT c.place - 1, jsonb_build_object(
            'status', 'replayed', 'content_hash', encode(r.content_hash, 'hex'), 'stream_id', r.stream_id,
            'version', r.version, 'position', r.position, 'events', (
                SELECT jsonb_agg(jsonb_build_object('topic', e.topic, 'position', e.position) ORDER BY e.position)
                FROM letopis.event AS e
                WHERE e.position > r.position - r.event_count
                    AND e.position <= r.position))
        FROM unnest(commands) WITH ORDINALITY
            AS c (command_id, content_hash, stream_id, version, event_count, place)
        JOIN letopis.receipt AS r USING (command_id)
    ) AS found;

    IF cardinality(claims) > 0 THEN
        is_intricate := EXISTS (
            SELECT
            FROM unnest(claims) AS c
            LEFT JOIN letopis.claim AS held USING (kind, key)
            WHERE NOT c.is_taken OR held.holder_id IS NOT NULL
        ) OR (
            SELECT count(*) > count(DISTINCT (c.kind, c.key))
            FROM unnest(claims) AS c
        );
    END IF;

    IF reasons IS NOT NULL OR is_intricate THEN
        outcomes := '[]';
        FOR each IN
            SELECT x.n, array_agg(x.stream_id) AS streams
            FROM unnest(expectations) AS x
            GROUP BY x.n
            ORDER BY x.n
        LOOP
            IF reasons ? each.n::text THEN
                outcomes := outcomes || (reasons -> each.n::text || jsonb_build_object('n', each.n));
            ELSIF tainted && each.streams THEN
                outcomes := outcomes || jsonb_build_object('n', each.n, 'status', 'cascaded');
            ELSE
                CONTINUE WHEN NOT is_intricate;
                SELECT c.kind, held.holder_id
                INTO rival
                FROM unnest(claims) AS c
                JOIN letopis.claim AS held USING (kind, key)
                WHERE c.n = each.n
                    AND c.is_taken
                    AND c.share_with IS NOT NULL
                    AND NOT EXISTS (
                        SELECT
                        FROM letopis.claim AS shared
                        WHERE (shared.kind, shared.key) = (c.kind, c.key)
                            AND shared.holder_id = ANY (c.share_with || c.holder_id))
                LIMIT 1;
                IF NOT FOUND THEN
                    PERFORM letopis.settle_claims(claims, each.n);
                    CONTINUE;
                END IF;
                outcomes := outcomes || jsonb_build_object(
                    'n', each.n, 'status', 'claimed', 'kind', rival.kind, 'holder_id', rival.holder_id);
            END IF;
            left_out := left_out || each.n;
            tainted := tainted || each.streams;
        END LOOP;
    END IF;

    IF is_atomic AND left_out <> '{}' THEN
        RAISE EXCEPTION 'Nothing of the atomic batch was stored' USING ERRCODE = 'LT001', DETAIL = outcomes::text;
    END IF;

    IF cardinality(keys) > 0 THEN
        INSERT INTO letopis.subject_key (subject_id, wrapped)
        SELECT DISTINCT ON (k.subject_id) k.subject_id, k.wrapped
        FROM unnest(keys) AS k
        WHERE k.n <> ALL (left_out)
        ON CONFLICT DO NOTHING;
    END IF;

    IF cardinality(claims) > 0 AND NOT is_intricate THEN
        INSERT INTO letopis.claim (kind, key, holder_id)
        SELECT c.kind, c.key, c.holder_id
        FROM unnest(claims) AS c
        WHERE c.n <> ALL (left_out);
    END IF;

    SELECT e.position, greatest(clock_timestamp(), e.recorded_at)
    INTO head_position, moment
    FROM letopis.event AS e
    ORDER BY e.position DESC
    LIMIT 1;
    head_position := coalesce(head_position, 0);
    moment := coalesce(moment, clock_timestamp());

    WITH recorded AS (
        INSERT INTO letopis.event (
            position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, recorded_at,
            actor, command_id, correlation_id, causation_id, parties, body)
        SELECT
            head_position + row_number() OVER (ORDER BY e.place), e.event_id, e.stream_id, e.version, e.topic,
            e.schema_version, e.subject_id, e.occurred_at, moment, e.actor, e.command_id, e.correlation_id,
            e.causation_id, e.parties, e.body
        FROM unnest(events) WITH ORDINALITY AS e (
            n, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, actor, command_id,
            correlation_id, causation_id, parties, body, place)
        WHERE e.n <> ALL (left_out)
        RETURNING position, parties
    )
    INSERT INTO letopis.event_party (party_id, position)
    SELECT unnest(recorded.parties), recorded.position
    FROM recorded;

    INSERT INTO letopis.receipt (command_id, content_hash, stream_id, version, position, event_count, recorded_at)
    SELECT
        c.command_id, c.content_hash, c.stream_id, c.version,
        head_position + sum(c.event_count) OVER (ORDER BY c.place), c.event_count, moment
    FROM unnest(commands) WITH ORDINALITY AS c (command_id, content_hash, stream_id, version, event_count, place)
    WHERE c.place - 1 <> ALL (left_out);
END $$;

-- Takes and gives back the identities of one command of the batch, which it may have.
CREATE FUNCTION letopis.settle_claims(claims letopis.given_claim[], command_place integer) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, letopis, pg_temp AS $$
    DELETE FROM letopis.claim AS held
    USING unnest(claims) AS c
    WHERE c.n = command_place
        AND NOT c.is_taken
        AND (held.kind, held.key, held.holder_id) = (c.kind, c.key, c.holder_id);
    INSERT INTO letopis.claim (kind, key, holder_id)
    SELECT c.kind, c.key, c.holder_id
    FROM unnest(claims) AS c
    WHERE c.n = command_place
        AND c.is_taken
    ON CONFLICT DO NOTHING;
$$;

REVOKE ALL ON FUNCTION
    letopis.append(
        letopis.given_command[], letopis.given_expectation[], letopis.given_event[], letopis.given_claim[],
        letopis.given_key[], boolean),
    letopis.settle_claims(letopis.given_claim[], integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION letopis.append(
    letopis.given_command[], letopis.given_expectation[], letopis.given_event[], letopis.given_claim[],
    letopis.given_key[], boolean) TO {writer};
