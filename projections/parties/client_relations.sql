-- One row is one relation of two clients. The primary key serves the card of the one.
CREATE TABLE {schema}.client_relations (
    client_id  uuid   NOT NULL,
    other_id   uuid   NOT NULL,
    kind       text   NOT NULL,
    since      timestamptz,
    ended_at   timestamptz,
    end_reason text,
    position   bigint NOT NULL,
    PRIMARY KEY (client_id, other_id, kind)
);

-- serves the card of the other one: GET /clients/<id>?include=relations
CREATE INDEX client_relations_by_other ON {schema}.client_relations (other_id);
