-- One row is one name at an identity provider.
CREATE TABLE {schema}.logins (
    login_id uuid        NOT NULL,
    staff_id uuid,
    issuer   text,
    subject  text,
    bound_at timestamptz,
    version  bigint      NOT NULL,
    position bigint      NOT NULL,
    PRIMARY KEY (login_id)
);

-- serves GET /logins: page by page after (subject, login_id)
CREATE INDEX logins_by_subject ON {schema}.logins (subject, login_id);

-- serves GET /logins?staff=
CREATE INDEX logins_by_staff ON {schema}.logins (staff_id, subject, login_id);
