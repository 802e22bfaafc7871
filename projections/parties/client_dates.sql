-- One row is one day of the year on which a client is remembered. The primary key serves a client's card.
CREATE TABLE {schema}.client_dates (
    client_id uuid        NOT NULL,
    date_key  text        NOT NULL,
    kind      text        NOT NULL,
    label     text,
    month_day text        NOT NULL,
    year      bigint,
    source    text        NOT NULL,
    noted_at  timestamptz NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (client_id, date_key)
);

-- serves GET /clients/dates
CREATE INDEX client_dates_by_day ON {schema}.client_dates (month_day, client_id);
