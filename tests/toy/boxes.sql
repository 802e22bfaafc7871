-- One row is one money box.
CREATE TABLE {schema}.boxes (
    box_id    uuid        NOT NULL PRIMARY KEY,
    colour    text,
    total     numeric     NOT NULL,
    coins     bigint      NOT NULL,
    labels    text[]      NOT NULL,
    notes     jsonb       NOT NULL,
    first_day date,
    last_at   timestamptz,
    is_full   boolean     NOT NULL,
    position  bigint      NOT NULL
);

-- serves finding the fullest; a comment may hold a semicolon;
CREATE INDEX boxes_by_total ON {schema}.boxes (total);

CREATE VIEW {schema}.boxes_view AS
SELECT box_id, colour, total, coins, total > 100 AS is_heavy, position
FROM {schema}.boxes;
