-- One row is one staff member's day in numbers. The primary key serves GET /staff/<id>/counters over a period.
CREATE TABLE {schema}.staff_counters (
    staff_id        uuid   NOT NULL,
    day             date   NOT NULL,
    contacts        bigint NOT NULL,
    meetings        bigint NOT NULL,
    calls           bigint NOT NULL,
    offers          bigint NOT NULL,
    deals_opened    bigint NOT NULL,
    deals_won       bigint NOT NULL,
    deals_lost      bigint NOT NULL,
    clients_claimed bigint NOT NULL,
    won             jsonb  NOT NULL,
    position        bigint NOT NULL,
    PRIMARY KEY (staff_id, day)
);
