-- One row is one product of the catalogue.
CREATE TABLE {schema}.products (
    product_id   uuid        NOT NULL,
    code         text,
    name         text,
    series       text,
    aliases      text[]      NOT NULL,
    listed_at    timestamptz,
    withdrawn_at timestamptz,
    version      bigint      NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (product_id)
);

-- serves GET /products, in the order of their codes
CREATE INDEX products_by_code ON {schema}.products (code);
