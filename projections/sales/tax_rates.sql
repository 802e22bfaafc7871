-- One row is one tax.
CREATE TABLE {schema}.tax_rates (
    tax_id   uuid   NOT NULL,
    code     text,
    rates    jsonb  NOT NULL,
    version  bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tax_id)
);

-- serves GET /tax-rates, page by page after (code, tax_id), and the taxes of what is priced
CREATE INDEX tax_rates_by_code ON {schema}.tax_rates (code, tax_id);
