-- One row is one field that the company gives its clients.
CREATE TABLE {schema}.custom_fields (
    field_id   uuid        NOT NULL,
    code       text,
    type       text,
    labels     jsonb       NOT NULL,
    options    jsonb       NOT NULL,
    defined_at timestamptz,
    retired_at timestamptz,
    version    bigint      NOT NULL,
    position   bigint      NOT NULL,
    PRIMARY KEY (field_id)
);

-- serves GET /custom-fields, page by page after (code, field_id), and the labels beside what stands in a field
CREATE INDEX custom_fields_by_code ON {schema}.custom_fields (code, field_id);
