-- One row is two clients who look like one, of whom somebody decided; client_id is the lesser of the two ids.
CREATE TABLE {schema}.client_pairs (
    pair_id       uuid        NOT NULL,
    client_id     uuid        NOT NULL,
    other_id      uuid        NOT NULL,
    is_kept_apart boolean     NOT NULL,
    reason        text,
    actor         text        NOT NULL,
    staff_id      uuid,
    decided_at    timestamptz NOT NULL,
    position      bigint      NOT NULL,
    PRIMARY KEY (pair_id)
);
