-- When a key was last of use is shown beside it, so that nobody wonders whether it may be revoked. It is no fact: a log that
-- had one for each request would say little else.

-- One row is one key that was ever used, and the last day of that.
CREATE TABLE letopis.api_key_use (
    api_key_id   uuid NOT NULL PRIMARY KEY,
    last_used_on date NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON letopis.api_key_use TO {writer};

-- One row is the last use of one key as readers may see it.
CREATE VIEW read.api_key_use AS
SELECT u.api_key_id, u.last_used_on
FROM letopis.api_key_use AS u;
GRANT SELECT ON read.api_key_use TO {reader};
