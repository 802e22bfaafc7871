-- One row is one pipeline. There are a handful: the primary key serves GET /pipeline.
CREATE TABLE {schema}.pipelines (
    pipeline_id uuid        NOT NULL,
    name        text,
    stages      jsonb       NOT NULL,
    defined_at  timestamptz,
    retired_at  timestamptz,
    version     bigint      NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (pipeline_id)
);
