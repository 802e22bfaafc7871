-- The only way into the log: one batch of decided commands, in order, each stored whole or left out whole.
--
-- commands      [{n, command_id, content_hash, stream_id, version}]     one row a command, n = its place in the batch
-- expectations  [{n, stream_id, version, event_id}]                     the heads it was decided on (version 0: empty)
-- events        [{n, event_id, stream_id, version, …, body, parties}]   what it records, in order
-- claims        [{n, kind, key, holder_id, share_with, is_taken}]       identities it takes or gives back
-- keys          [{n, subject_id, wrapped}]                              data keys made for it
--
-- Left out is a command whose expectation fails, whose command_id has a receipt, whose identity others hold and nobody
-- it may share it with (share_with null: everybody), or whose key another process made first; and so is every later
-- command of the batch that shares a stream with one left out, because it was decided on a state that never existed.
-- If `is_atomic`, nothing is stored when a command is left out (SQLSTATE LT001, the outcomes in DETAIL).
-- Returns [{n, status, …}]: stored (events, recorded_at), replayed (the receipt), stale, cascaded, claimed (kind, holder_id).
--
-- The lock makes commit order = position order, and is held for no round trip. Each statement below has a
-- snapshot of its own (READ COMMITTED, VOLATILE), so it sees everything committed before the lock was got.
CREATE FUNCTION letopis.append(
    commands json, expectations json, events json, claims json, keys json, is_atomic boolean) RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, letopis, pg_temp
-- Every look-up below is by key. A plan made while the tables were small would read them whole, and a session keeps its
-- plans: the append would get slower with every fact until the next ANALYZE.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    head_position bigint;
    head_recorded timestamptz;
    moment        timestamptz;
    reasons       jsonb;            -- n -> why it is left out, before the cascade
    left_out      integer[] := '{}';
    outcomes      jsonb := '[]';
    tainted       uuid[] := '{}';
    has_claims    boolean := json_array_length(claims) > 0;
    is_intricate  boolean;          -- claims that have to be looked at one command after the other
    each          record;
    rival         record;
    stored        jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('letopis.append', 0));

    SELECT coalesce(jsonb_object_agg(found.n, found.reason), '{}')
    INTO reasons
    FROM (
        SELECT first_seen.n, '{"status": "stale"}'::jsonb AS reason
        FROM (
            SELECT DISTINCT ON (e.stream_id) e.n, e.stream_id, e.version, e.event_id
            FROM json_to_recordset(expectations) AS e (n integer, stream_id uuid, version integer, event_id uuid)
            ORDER BY e.stream_id, e.n
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
        FROM json_to_recordset(keys) AS k (n integer, subject_id uuid, wrapped bytea)
        JOIN letopis.subject_key AS present USING (subject_id)
        WHERE present.wrapped <> k.wrapped
        UNION ALL
        SELECT c.n, jsonb_build_object(
            'status', 'replayed', 'content_hash', encode(r.content_hash, 'hex'), 'stream_id', r.stream_id,
            'version', r.version, 'position', r.position, 'events', r.events)
        FROM json_to_recordset(commands) AS c (n integer, command_id uuid)
        JOIN letopis.receipt AS r USING (command_id)
    ) AS found;

    is_intricate := has_claims AND (
        EXISTS (
            SELECT
            FROM json_to_recordset(claims) AS c (kind text, key bytea, is_taken boolean)
            LEFT JOIN letopis.claim AS held USING (kind, key)
            WHERE NOT c.is_taken OR held.holder_id IS NOT NULL)
        OR (SELECT count(*) > count(DISTINCT (c.kind, c.key))
            FROM json_to_recordset(claims) AS c (kind text, key bytea)));

    IF reasons <> '{}' OR is_intricate THEN
        FOR each IN
            SELECT e.n, array_agg(e.stream_id) AS streams
            FROM json_to_recordset(expectations) AS e (n integer, stream_id uuid)
            GROUP BY e.n
            ORDER BY e.n
        LOOP
            IF reasons ? each.n::text THEN
                outcomes := outcomes || (reasons -> each.n::text || jsonb_build_object('n', each.n));
            ELSIF tainted && each.streams THEN
                outcomes := outcomes || jsonb_build_object('n', each.n, 'status', 'cascaded');
            ELSE
                CONTINUE WHEN NOT is_intricate;
                SELECT c.kind, held.holder_id
                INTO rival
                FROM json_to_recordset(claims)
                    AS c (n integer, kind text, key bytea, holder_id uuid, share_with uuid[], is_taken boolean)
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

    INSERT INTO letopis.subject_key (subject_id, wrapped)
    SELECT DISTINCT ON (k.subject_id) k.subject_id, k.wrapped
    FROM json_to_recordset(keys) AS k (n integer, subject_id uuid, wrapped bytea)
    WHERE k.n <> ALL (left_out)
    ON CONFLICT DO NOTHING;

    IF has_claims AND NOT is_intricate THEN
        INSERT INTO letopis.claim (kind, key, holder_id)
        SELECT c.kind, c.key, c.holder_id
        FROM json_to_recordset(claims) AS c (n integer, kind text, key bytea, holder_id uuid)
        WHERE c.n <> ALL (left_out);
    END IF;

    SELECT e.position, e.recorded_at
    INTO head_position, head_recorded
    FROM letopis.event AS e
    ORDER BY e.position DESC
    LIMIT 1;
    moment := greatest(clock_timestamp(), head_recorded);

    WITH numbered AS MATERIALIZED (
        SELECT coalesce(head_position, 0) + row_number() OVER (ORDER BY given.place) AS position, given.*
        FROM ROWS FROM (
            json_to_recordset(events) AS (
                n integer, event_id uuid, stream_id uuid, version integer, topic text, schema_version smallint,
                subject_id uuid, occurred_at timestamptz, actor text, command_id uuid, correlation_id uuid,
                causation_id uuid, body text, parties uuid[])
        ) WITH ORDINALITY AS given (
            n, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, actor, command_id,
            correlation_id, causation_id, body, parties, place)
        WHERE given.n <> ALL (left_out)
    ), recorded AS (
        INSERT INTO letopis.event (
            position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, recorded_at,
            actor, command_id, correlation_id, causation_id, body)
        SELECT
            position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, moment,
            actor, command_id, correlation_id, causation_id, body::json
        FROM numbered
    ), concerned AS (
        INSERT INTO letopis.event_party (party_id, position)
        SELECT DISTINCT unnest(numbered.parties), numbered.position
        FROM numbered
    ), listed AS MATERIALIZED (
        SELECT
            n,
            max(position) AS position,
            json_agg(json_build_object('topic', topic, 'position', position) ORDER BY position) AS topics
        FROM numbered
        GROUP BY n
    ), answered AS (
        INSERT INTO letopis.receipt (command_id, content_hash, stream_id, version, position, events, recorded_at)
        SELECT c.command_id, c.content_hash, c.stream_id, c.version, listed.position, listed.topics, moment
        FROM listed
        JOIN json_to_recordset(commands)
            AS c (n integer, command_id uuid, content_hash bytea, stream_id uuid, version integer) USING (n)
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('n', n, 'status', 'stored', 'position', position, 'events', topics)), '[]')
    INTO stored
    FROM listed;

    RETURN json_build_object('recorded_at', moment, 'outcomes', outcomes || stored);
END $$;

-- Takes and gives back the identities of one command of the batch, which it may have.
CREATE FUNCTION letopis.settle_claims(claims json, command_place integer) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, letopis, pg_temp AS $$
    DELETE FROM letopis.claim AS held
    USING json_to_recordset(claims) AS c (n integer, kind text, key bytea, holder_id uuid, is_taken boolean)
    WHERE c.n = command_place
        AND NOT c.is_taken
        AND (held.kind, held.key, held.holder_id) = (c.kind, c.key, c.holder_id);
    INSERT INTO letopis.claim (kind, key, holder_id)
    SELECT c.kind, c.key, c.holder_id
    FROM json_to_recordset(claims) AS c (n integer, kind text, key bytea, holder_id uuid, is_taken boolean)
    WHERE c.n = command_place
        AND c.is_taken
    ON CONFLICT DO NOTHING;
$$;

REVOKE ALL ON FUNCTION letopis.append(json, json, json, json, json, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION letopis.settle_claims(json, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION letopis.append(json, json, json, json, json, boolean) TO {writer};
