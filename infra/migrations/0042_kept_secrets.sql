-- Whoever signed in with a browser has a secret in a cookie and nothing else; what the secret stands for is kept here, so that
-- it outlives a restart and is known to every process: the token of a session, a link that lets in once, what was said to an
-- identity provider before it sends somebody back.

-- One row is such a thing. `kept_by` is a keyed hash of its kind and its secret; `sealed` is encrypted by the secret and the
-- master key together: whoever has this database and the key, and no cookie, reads no token.
CREATE TABLE letopis.kept_secret (
    kept_by    bytea       NOT NULL PRIMARY KEY,
    sealed     bytea       NOT NULL,
    expires_at timestamptz NOT NULL
);
-- serves forgetting those that are over
CREATE INDEX kept_secret_by_end ON letopis.kept_secret (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON letopis.kept_secret TO {writer};
