-- One row is one coin.
CREATE TABLE {schema}.drops (
    box_id         uuid   NOT NULL,
    event_position bigint NOT NULL,
    parties        jsonb  NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (box_id, event_position)
);
