-- One row is one team or branch. The primary key serves every read that shows the name of one.
CREATE TABLE {schema}.units (
    unit_id   uuid        NOT NULL,
    kind      text        NOT NULL,
    name      text,
    head_id   uuid,
    opened_at timestamptz,
    closed_at timestamptz,
    version   bigint      NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (unit_id)
);

-- serves GET /units: by kind and name, page by page; and GET /staff?team=&branch=, which name one
CREATE INDEX units_by_name ON {schema}.units (kind, name, unit_id);
