-- One row is one API key.
CREATE TABLE {schema}.api_keys (
    api_key_id      uuid        NOT NULL,
    name            text,
    commands        text[]      NOT NULL,
    questions       text[]      NOT NULL,
    issued_at       timestamptz,
    issued_by       text,
    expires_at      timestamptz,
    rotated_at      timestamptz,
    old_good_until  timestamptz,
    revoked_at      timestamptz,
    revoked_because text,
    version         bigint      NOT NULL,
    position        bigint      NOT NULL,
    PRIMARY KEY (api_key_id)
);

-- serves GET /api-keys: the latest first, page by page before (issued_at, api_key_id)
CREATE INDEX api_keys_by_moment ON {schema}.api_keys (issued_at, api_key_id);
