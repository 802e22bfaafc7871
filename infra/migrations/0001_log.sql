-- The log and what is written together with it. Roles: the owner runs this; {writer}, {projector} and {reader} exist.

CREATE SCHEMA letopis;
CREATE SCHEMA read;

-- One row is one fact. Positions are 1..N without gap, in commit order. `body` is `json`, not `jsonb`: its text is
-- kept to the letter, and it is this text that is hashed.
CREATE TABLE letopis.event (
    position        bigint      NOT NULL PRIMARY KEY,
    event_id        uuid        NOT NULL,
    stream_id       uuid        NOT NULL,
    version         integer     NOT NULL CHECK (version > 0),
    topic           text        NOT NULL,
    schema_version  smallint    NOT NULL CHECK (schema_version > 0),
    subject_id      uuid        NOT NULL,
    occurred_at     timestamptz NOT NULL CHECK (isfinite(occurred_at)),
    recorded_at     timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    actor           text        NOT NULL,
    command_id      uuid        NOT NULL,
    correlation_id  uuid        NOT NULL,
    causation_id    uuid,
    body            json        NOT NULL,
    -- serves loading a stream and finding its head
    CONSTRAINT event_stream_version UNIQUE (stream_id, version)
);

-- One row says that a fact concerns a party; a party's history is read through it. No foreign key: only the append
-- function writes here, together with the fact, and a check per row would cost a tenth of the append.
CREATE TABLE letopis.event_party (
    party_id uuid   NOT NULL,
    position bigint NOT NULL,
    -- serves one party's history in order
    PRIMARY KEY (party_id, position)
);
-- serves readers that follow the log and want the parties of each fact
CREATE INDEX event_party_by_position ON letopis.event_party (position) INCLUDE (party_id);

-- One row is the answer an accepted command got, kept for ever: the same command gets the same answer.
CREATE TABLE letopis.receipt (
    command_id   uuid        NOT NULL PRIMARY KEY,
    content_hash bytea       NOT NULL,
    stream_id    uuid        NOT NULL,
    version      integer     NOT NULL,
    position     bigint      NOT NULL,
    events       json        NOT NULL,
    recorded_at  timestamptz NOT NULL
);

-- One row is an identity (a phone, an e-mail, a tax number) that one party has; the key is a keyed hash, never plain.
-- Who shares another's number has a row too: when the other gives it up, it is still not free.
CREATE TABLE letopis.claim (
    kind      text  NOT NULL,
    key       bytea NOT NULL,
    holder_id uuid  NOT NULL,
    PRIMARY KEY (kind, key, holder_id)
);
-- serves releasing and checking what one party holds
CREATE INDEX claim_by_holder ON letopis.claim (holder_id);

-- One row is the data key of one person or organisation, wrapped by the master key. Destroying it forgets them.
CREATE TABLE letopis.subject_key (
    subject_id uuid  NOT NULL PRIMARY KEY,
    wrapped    bytea NOT NULL
);

-- One row is a refusal the business asks about: who tried what, and why not.
CREATE TABLE letopis.refusal (
    refusal_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refused_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor        text        NOT NULL,
    command      text        NOT NULL,
    stream_id    uuid,
    code         text        NOT NULL,
    facts        json        NOT NULL
);

-- One row says how far a reader with a memory of its own (a policy) has come.
CREATE TABLE letopis.checkpoint (
    name     text   NOT NULL PRIMARY KEY,
    position bigint NOT NULL,
    event_id uuid
);

CREATE FUNCTION letopis.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new fact that says what is true now.';
END $$;

CREATE TRIGGER event_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON letopis.event
    FOR EACH STATEMENT EXECUTE FUNCTION letopis.refuse_change();
CREATE TRIGGER event_party_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON letopis.event_party
    FOR EACH STATEMENT EXECUTE FUNCTION letopis.refuse_change();
CREATE TRIGGER receipt_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON letopis.receipt
    FOR EACH STATEMENT EXECUTE FUNCTION letopis.refuse_change();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA letopis FROM PUBLIC;
GRANT USAGE ON SCHEMA letopis TO {writer}, {projector};
GRANT USAGE ON SCHEMA read TO {reader}, {projector}, {writer};
GRANT SELECT ON letopis.event, letopis.event_party, letopis.subject_key TO {writer}, {projector};
GRANT SELECT ON letopis.receipt, letopis.claim, letopis.refusal TO {writer};
GRANT INSERT ON letopis.refusal TO {writer};
GRANT SELECT, INSERT, UPDATE ON letopis.checkpoint TO {writer};
