-- One row is one change of a client's owning manager. The primary key serves GET /clients/<id>/ownership, in order.
CREATE TABLE {schema}.ownership_history (
    client_id      uuid        NOT NULL,
    event_position bigint      NOT NULL,
    from_owner_id  uuid,
    to_owner_id    uuid,
    cause          text        NOT NULL,
    reason         text,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (client_id, event_position)
);

-- What readers see: each change with the time of the next one; `until` is empty for the state that holds now.
CREATE VIEW {schema}.ownership_history_view AS
SELECT
    client_id,
    event_position,
    from_owner_id,
    to_owner_id,
    cause,
    reason,
    occurred_at,
    recorded_at,
    actor,
    lead(occurred_at) OVER (PARTITION BY client_id ORDER BY event_position) AS until,
    position
FROM {schema}.ownership_history;
