-- One row is one person's acting for one organisation. The primary key serves an organisation's list of people.
CREATE TABLE {schema}.contact_persons (
    organisation_id uuid        NOT NULL,
    person_id       uuid        NOT NULL,
    role            text,
    is_active       boolean     NOT NULL,
    since           timestamptz,
    ended_at        timestamptz,
    position        bigint      NOT NULL,
    PRIMARY KEY (organisation_id, person_id)
);

-- serves a person's list of organisations
CREATE INDEX contact_persons_by_person ON {schema}.contact_persons (person_id);
