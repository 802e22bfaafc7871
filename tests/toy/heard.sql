-- One row is one stream as a follower of the log heard of it.
CREATE TABLE {schema}.heard (
    stream_id uuid    NOT NULL PRIMARY KEY,
    version   integer NOT NULL,
    facts     integer NOT NULL,
    wrong     integer NOT NULL,
    position  bigint  NOT NULL
);
