-- One row is one team or branch. The primary key serves every read that shows the name of one.
CREATE TABLE {schema}.units (
    unit_id   uuid        NOT NULL,
    kind      text        NOT NULL,
    name      text,
    -- what lists are sorted by, code point by code point (infra.words)
    name_sort text,
    head_id   uuid,
    opened_at timestamptz,
    closed_at timestamptz,
    version   bigint      NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (unit_id)
);

-- serves GET /units: by name, page by page after (name_sort, unit_id)
CREATE INDEX units_by_name_sort ON {schema}.units (name_sort, unit_id);

-- serves GET /staff?team=&branch=, which name one
CREATE INDEX units_by_name ON {schema}.units (kind, name);
