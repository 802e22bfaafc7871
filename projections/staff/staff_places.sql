-- One row is one change of where a staff member works. The primary key serves GET /staff/<id>/places, in order.
CREATE TABLE {schema}.staff_places (
    staff_id       uuid        NOT NULL,
    event_position bigint      NOT NULL,
    team_id        uuid,
    branch_id      uuid,
    head_id        uuid,
    has_left       boolean     NOT NULL,
    since          timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (staff_id, event_position)
);

-- What readers see: each place with the time of the next one; `until` is empty for the place that holds now.
CREATE VIEW {schema}.staff_places_view AS
SELECT
    staff_id,
    event_position,
    team_id,
    branch_id,
    head_id,
    has_left,
    since,
    lead(since) OVER (PARTITION BY staff_id ORDER BY event_position) AS until,
    recorded_at,
    actor,
    position
FROM {schema}.staff_places;
