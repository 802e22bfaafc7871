-- One row is one note on a client, a deal or an activity.
CREATE TABLE {schema}.notes (
    about_id        uuid   NOT NULL,
    note_id         uuid   NOT NULL,
    about           text   NOT NULL,
    text            text,
    author          text,
    author_id       uuid,
    written_at      timestamptz,
    edited_at       timestamptz,
    withdrawn_at    timestamptz,
    withdrawn_by    text,
    withdraw_reason text,
    position        bigint NOT NULL,
    PRIMARY KEY (about_id, note_id)
);

-- serves GET /clients/<id>/notes, /deals/<id>/notes and /activities/<id>/notes: newest first
CREATE INDEX notes_by_time ON {schema}.notes (about_id, written_at, note_id);
