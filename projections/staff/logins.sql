-- One row is one name at an identity provider, as a staff member's or as a client's.
CREATE TABLE {schema}.logins (
    login_id  uuid        NOT NULL,
    staff_id  uuid,
    client_id uuid,
    role      text,
    issuer    text,
    subject   text,
    bound_at  timestamptz,
    version   bigint      NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (login_id)
);

-- serves GET /logins: page by page after (subject, login_id)
CREATE INDEX logins_by_subject ON {schema}.logins (subject, login_id);

-- serves GET /logins?staff=
CREATE INDEX logins_by_staff ON {schema}.logins (staff_id, subject, login_id);

-- serves GET /logins?client=
CREATE INDEX logins_by_client ON {schema}.logins (client_id, subject, login_id) WHERE client_id IS NOT NULL;
