-- One row is what stands in one of the company's own fields of a client. The primary key serves a client's card.
CREATE TABLE {schema}.client_fields (
    client_id uuid        NOT NULL,
    code      text        NOT NULL,
    type      text        NOT NULL,
    value     text        NOT NULL,
    compared  text        NOT NULL,
    number    numeric,
    set_at    timestamptz NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (client_id, code)
);

-- serves GET /clients?field= and, of days, ?field_least= and ?field_most=; and GET /custom-fields/{code}/values. Of a
-- text its beginning: an index has no place for every text.
CREATE INDEX client_fields_by_value ON {schema}.client_fields (code, left(compared, 100), client_id);

-- serves GET /clients?field_least= and ?field_most= of numbers
CREATE INDEX client_fields_by_number ON {schema}.client_fields (code, number, client_id) WHERE number IS NOT NULL;
