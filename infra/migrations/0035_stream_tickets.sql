-- A browser's EventSource can send no header that says who asks. It brings a ticket in its address instead, which is good
-- once and for half a minute: whoever finds it in a log later finds nothing.

-- One row is a ticket that nobody has used yet: whom it lets in, and in what role. What it says is kept as a hash only.
-- Unlogged: after a crash they are gone, and another one is asked for.
CREATE UNLOGGED TABLE letopis.stream_ticket (
    ticket     bytea       NOT NULL PRIMARY KEY,
    caller_id  text        NOT NULL,
    role       text        NOT NULL,
    expires_at timestamptz NOT NULL
);
-- serves forgetting those of one caller that are too many
CREATE INDEX stream_ticket_by_caller ON letopis.stream_ticket (caller_id, expires_at);
-- serves forgetting those that were never used
CREATE INDEX stream_ticket_by_end ON letopis.stream_ticket (expires_at);
GRANT SELECT, INSERT, DELETE ON letopis.stream_ticket TO {projector};
