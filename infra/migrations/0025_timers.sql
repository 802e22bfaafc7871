-- What the worker that runs the timers remembers. Without it everything due would be asked again, and change nothing: a
-- command is carried out once, and checked on its own stream.

-- One row is the last command that a timer sent to one stream: for which due moment, as set by which fact, and why it
-- was refused (NULL: it was not). Forgotten when the timer waits for nothing there any more.
CREATE TABLE letopis.timer_answer (
    timer       text        NOT NULL,
    stream_id   uuid        NOT NULL,
    due_at      timestamptz NOT NULL,
    set_by      uuid        NOT NULL,
    answered_at timestamptz NOT NULL,
    code        text,
    -- serves leaving out of what is due what was answered
    PRIMARY KEY (timer, stream_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON letopis.timer_answer TO {writer};

-- One row is the last answer to a timer on one stream, beside what is due, which only readers see.
CREATE VIEW read.timer_answer AS
SELECT a.timer, a.stream_id, a.due_at, a.set_by, a.answered_at, a.code
FROM letopis.timer_answer AS a;
GRANT SELECT ON read.timer_answer TO {reader};
