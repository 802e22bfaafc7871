-- One row is one client who turned out to be another one. The primary key serves every look-up of who answers.
CREATE TABLE {schema}.canonical_map (
    client_id   uuid        NOT NULL,
    survivor_id uuid        NOT NULL,
    merged_into uuid        NOT NULL,
    merged_at   timestamptz,
    merged_by   text,
    staff_id    uuid,
    reason      text,
    position    bigint      NOT NULL,
    PRIMARY KEY (client_id)
);

-- serves whatever is told of a client with all who joined it
CREATE INDEX canonical_map_by_survivor ON {schema}.canonical_map (survivor_id);
