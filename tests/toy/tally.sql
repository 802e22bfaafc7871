-- One row for the whole log as a follower heard it.
CREATE TABLE {schema}.tally (
    name     text   NOT NULL PRIMARY KEY,
    facts    bigint NOT NULL,
    last     bigint NOT NULL,
    skipped  bigint NOT NULL,
    doubled  bigint NOT NULL,
    position bigint NOT NULL
);
