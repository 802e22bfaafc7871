-- One row is one staff member. The primary key serves every join that shows a name.
CREATE TABLE {schema}.staff_directory (
    staff_id     uuid        NOT NULL,
    name         text,
    -- what the directory is sorted by, code point by code point (infra.words)
    name_sort    text,
    role         text,
    team_id      uuid,
    branch_id    uuid,
    head_id      uuid,
    hired_at     timestamptz,
    date_unknown boolean     NOT NULL,
    departed_at  timestamptz,
    successor_id uuid,
    suspended_at timestamptz,
    version      bigint      NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (staff_id)
);

-- serves GET /staff: by name, page by page after (name_sort, staff_id)
CREATE INDEX staff_directory_by_name ON {schema}.staff_directory (name_sort, staff_id);

-- serves GET /staff?head=
CREATE INDEX staff_directory_by_head ON {schema}.staff_directory (head_id);
