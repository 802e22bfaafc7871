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

-- serves GET /staff/<id>/counters: the clients that a seller claimed in a period
CREATE INDEX ownership_history_by_new_owner ON {schema}.ownership_history (to_owner_id, occurred_at);

-- What readers see: each change with the time of the next one; `until` is empty for the state that holds now.
CREATE VIEW {schema}.ownership_history_view AS
SELECT
    h.client_id,
    h.event_position,
    h.from_owner_id,
    h.to_owner_id,
    h.cause,
    h.reason,
    h.occurred_at,
    h.recorded_at,
    h.actor,
    (
        SELECT n.occurred_at
        FROM {schema}.ownership_history AS n
        WHERE n.client_id = h.client_id
            AND n.event_position > h.event_position
        ORDER BY n.event_position
        LIMIT 1
    ) AS until,
    h.position
FROM {schema}.ownership_history AS h;
