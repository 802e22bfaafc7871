-- One row is one fact in one client's story, or, while it concerns none, in that of its own stream.
CREATE TABLE {schema}.client_timeline (
    event_position bigint      NOT NULL,
    party_id       uuid        NOT NULL,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    topic          text        NOT NULL,
    stream_id      uuid        NOT NULL,
    actor          text        NOT NULL,
    staff_id       uuid,
    channel        text,
    direction      text,
    -- json: it is told as it was written, and nobody looks into it
    details        json        NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (event_position, party_id)
);

-- serves GET /clients/<id>/timeline: newest first, page by page before (occurred_at, event_position)
CREATE INDEX client_timeline_by_time ON {schema}.client_timeline (party_id, occurred_at, event_position);
