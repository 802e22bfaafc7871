-- One reading of one clock is no proof. A clock that is a year ahead for a minute would make every later `recorded_at` that
-- moment, for a year, because times of recording never decrease with the position.

-- What time it is. Only its owner can replace it, which tests do: they let the clock leap without touching the machine's.
CREATE FUNCTION letopis.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
REVOKE ALL ON FUNCTION letopis.clock() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION letopis.clock() TO {writer}, {projector}, {reader};

-- One row says that the facts up to a position, as far as their `recorded_at` is later than `accepted_at`, were recorded by
-- a clock that was ahead: who says so, and why. The times of what is recorded after that position begin anew.
CREATE TABLE letopis.accepted_clock (
    position    bigint      NOT NULL PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL CHECK (accepted_at < recorded_at),
    reason      text        NOT NULL CHECK (reason <> ''),
    actor       text        NOT NULL
);
CREATE TRIGGER accepted_clock_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON letopis.accepted_clock
    FOR EACH STATEMENT EXECUTE FUNCTION letopis.refuse_change();
GRANT SELECT ON letopis.accepted_clock TO {projector};

-- Returns the moment before which nothing after the head is recorded, for a head that is ahead of the clock.
CREATE FUNCTION letopis.moment_of_head(head_position bigint, head_moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, letopis, pg_temp AS $$
    SELECT coalesce((SELECT a.accepted_at FROM letopis.accepted_clock AS a WHERE a.position = head_position), head_moment);
$$;
REVOKE ALL ON FUNCTION letopis.moment_of_head(bigint, timestamptz) FROM PUBLIC;

-- One row: how the clock and the last fact stand to each other. `ahead_seconds`: by how much the fact is later than the
-- clock says; 0 where that was accepted.
CREATE VIEW read.clock_status AS
SELECT
    c.now,
    coalesce(h.position, 0) AS position,
    h.recorded_at,
    CASE
        WHEN h.recorded_at > c.now AND NOT EXISTS (
            SELECT
            FROM letopis.accepted_clock AS a
            WHERE a.position = h.position)
        THEN extract(epoch FROM h.recorded_at - c.now)
        ELSE 0
    END::double precision AS ahead_seconds
FROM (SELECT letopis.clock() AS now) AS c
LEFT JOIN LATERAL (
    SELECT e.position, e.recorded_at
    FROM letopis.event AS e
    ORDER BY e.position DESC
    LIMIT 1
) AS h ON true;
GRANT SELECT ON read.clock_status TO {reader}, {projector}, {writer};

DROP FUNCTION letopis.append(
    letopis.given_command[], letopis.given_expectation[], letopis.given_event[], letopis.given_claim[],
    letopis.given_key[], boolean);

-- The only way into the log, as 0006 describes it, and two things about the time of recording.
--
-- `reckoned` is the time as the caller reckons it: by their clock when they began, and by what has passed since; `told` is
-- what their clock tells. Nothing is stored (SQLSTATE LT002; in DETAIL, in seconds since 1970, the wrong time and the one
-- reckoned)
-- - if the clock here is more than a day ahead of `reckoned` and of the head. A log that was idle for a year is no reason, for
--   then both are ahead of the head; and whose reckoning is itself more than a day before the head has nothing to say;
-- - if the caller's clock has leapt by more than a day and the clock here does not agree: what they say happened just now
--   would be of that day.
--
-- A head that is ahead of the clock stops nobody: its time goes on being the time of recording, unless it was accepted as
-- wrong. `is_behind` says that this is so by more than a minute.
CREATE FUNCTION letopis.append(
    commands letopis.given_command[], expectations letopis.given_expectation[], events letopis.given_event[],
    claims letopis.given_claim[], keys letopis.given_key[], is_atomic boolean, reckoned timestamptz, told timestamptz,
    OUT head_position bigint, OUT moment timestamptz, OUT outcomes jsonb, OUT is_behind boolean)
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
    head_moment   timestamptz;      -- when the last fact before the batch was recorded
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

    SELECT e.position, e.recorded_at
    INTO head_position, head_moment
    FROM letopis.event AS e
    ORDER BY e.position DESC
    LIMIT 1;
    head_position := coalesce(head_position, 0);
    moment := letopis.clock();
    IF moment < head_moment THEN
        is_behind := moment < head_moment - interval '1 minute';
        moment := greatest(moment, letopis.moment_of_head(head_position, head_moment));
        is_behind := is_behind AND moment = head_moment;
    ELSIF moment > reckoned + interval '24 hours'
        AND moment > coalesce(head_moment, '-infinity') + interval '24 hours'
        AND reckoned > coalesce(head_moment, '-infinity') - interval '24 hours'
    THEN
        RAISE EXCEPTION 'The clock is ahead' USING
            ERRCODE = 'LT002', DETAIL = concat_ws(' ', extract(epoch FROM moment), extract(epoch FROM reckoned));
    END IF;
    IF told > reckoned + interval '24 hours' AND told > moment + interval '24 hours' THEN
        RAISE EXCEPTION 'The caller''s clock is ahead' USING
            ERRCODE = 'LT002', DETAIL = concat_ws(' ', extract(epoch FROM told), extract(epoch FROM reckoned));
    END IF;

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

REVOKE ALL ON FUNCTION letopis.append(
    letopis.given_command[], letopis.given_expectation[], letopis.given_event[], letopis.given_claim[],
    letopis.given_key[], boolean, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION letopis.append(
    letopis.given_command[], letopis.given_expectation[], letopis.given_event[], letopis.given_claim[],
    letopis.given_key[], boolean, timestamptz, timestamptz) TO {writer};
