-- One row is what was dropped into boxes of one colour in one day.
CREATE TABLE {schema}.days (
    colour   text   NOT NULL,
    day      date   NOT NULL,
    coins    bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (colour, day)
);
