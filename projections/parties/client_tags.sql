-- One row is one tag that a client has. The primary key serves a client's card.
CREATE TABLE {schema}.client_tags (
    client_id uuid        NOT NULL,
    tag_key   text        NOT NULL,
    tag       text        NOT NULL,
    since     timestamptz NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (client_id, tag_key)
);

-- serves GET /clients?tag= and GET /clients/tags
CREATE INDEX client_tags_by_tag ON {schema}.client_tags (tag_key, client_id);
