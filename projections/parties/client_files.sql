-- One row is one file that a client has, or had. The primary key serves the sweep and the checks of the bytes.
CREATE TABLE {schema}.client_files (
    client_id  uuid   NOT NULL,
    stored     text   NOT NULL,
    file_id    uuid   NOT NULL,
    name       text,
    sent_name  text,
    media_type text,
    size_bytes bigint,
    digest     text,
    added_at   timestamptz,
    added_by   text,
    removed_at timestamptz,
    position   bigint NOT NULL,
    PRIMARY KEY (client_id, stored)
);

-- serves GET /clients/<id>/files, the latest first, and one file by its id
CREATE INDEX client_files_by_time ON {schema}.client_files (client_id, added_at, file_id);

-- serves the sweep of what was removed long enough ago
CREATE INDEX client_files_removed ON {schema}.client_files (removed_at) WHERE removed_at IS NOT NULL;
