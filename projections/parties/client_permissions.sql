-- One row is one word of a client's on being addressed. The primary key serves whatever is asked of one client.
CREATE TABLE {schema}.client_permissions (
    client_id        uuid        NOT NULL,
    number           bigint      NOT NULL,
    is_objection     boolean     NOT NULL,
    allows           boolean     NOT NULL,
    addressed_by     text,
    purpose          text,
    text_version     text,
    source           text        NOT NULL,
    evidence         text,
    said_at          timestamptz NOT NULL,
    actor            text        NOT NULL,
    staff_id         uuid,
    retracted_at     timestamptz,
    retracted_by     text,
    retract_staff_id uuid,
    retract_reason   text,
    position         bigint      NOT NULL,
    PRIMARY KEY (client_id, number)
);

-- serves lists of those who agreed to one thing
CREATE INDEX client_permissions_given ON {schema}.client_permissions (addressed_by, purpose, client_id)
    WHERE allows AND NOT is_objection AND retracted_at IS NULL;
