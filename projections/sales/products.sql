-- One row is one product of the catalogue.
CREATE TABLE {schema}.products (
    product_id     uuid        NOT NULL,
    code           text,
    name           text,
    series         text,
    aliases        text[]      NOT NULL,
    unit           text,
    product_group  text,
    tax_code       text,
    successor_code text,
    listed_at      timestamptz,
    withdrawn_at   timestamptz,
    version        bigint      NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (product_id)
);

-- serves GET /products: by code, page by page after (code, product_id)
CREATE INDEX products_by_code ON {schema}.products (code, product_id);
