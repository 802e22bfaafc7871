-- One row is one relation of two clients.
CREATE TABLE {schema}.client_relations (
    relation_id uuid   NOT NULL,
    client_id   uuid   NOT NULL,
    other_id    uuid   NOT NULL,
    kind        text   NOT NULL,
    since       timestamptz,
    ended_at    timestamptz,
    end_reason  text,
    position    bigint NOT NULL,
    PRIMARY KEY (relation_id)
);

-- serves the card of the one: GET /clients/<id>?include=relations
CREATE INDEX client_relations_by_client ON {schema}.client_relations (client_id);

-- serves the card of the other one, in the same question
CREATE INDEX client_relations_by_other ON {schema}.client_relations (other_id);
