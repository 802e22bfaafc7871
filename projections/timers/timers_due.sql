-- One row is one moment that a timer waits for on one stream, or that has come and is not dealt with yet.
CREATE TABLE {schema}.timers_due (
    timer     text        NOT NULL,
    stream_id uuid        NOT NULL,
    due_at    timestamptz NOT NULL,
    set_by    uuid        NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (timer, stream_id)
);

-- serves the worker: what has become due, the oldest moment first
CREATE INDEX timers_due_by_moment ON {schema}.timers_due (due_at, timer, stream_id);
