-- What operators ask for is done by a process of the service while nobody waits for it: so it is written down before, with
-- who asked and why, and its end afterwards.

-- One row is a job. It is no fact of the business: it says what was done to this installation, and stays when a backup is
-- put back. Jobs of one `lane` are done one after the other, and whoever does one holds a lock of that lane while its session
-- lives: a job that is `running` while its lane is free was left by a process that is gone. `attempts` counts how often it was
-- taken up, `heard_at` says when its process last told of it. `outcome` is {"code": …, "facts": {…}}, `progress` a part of it
-- so far; both are put in words where they are read.
CREATE TABLE letopis.operation (
    job_id     uuid        NOT NULL PRIMARY KEY,
    operation  text        NOT NULL,
    about      text        NOT NULL,
    lane       text        NOT NULL,
    parameters jsonb       NOT NULL,
    asked_by   text        NOT NULL,
    asked_as   text        NOT NULL,
    reason     text        CHECK (reason <> ''),
    state      text        NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled', 'abandoned')),
    attempts   integer     NOT NULL DEFAULT 0,
    progress   jsonb,
    outcome    jsonb,
    asked_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    heard_at   timestamptz,
    ended_at   timestamptz,
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running')))
);
-- says that what takes long is under way once, whoever asks for it
CREATE UNIQUE INDEX operation_once ON letopis.operation (operation, about)
    WHERE ended_at IS NULL AND operation IN ('rebuild', 'verify', 'rollback', 'drop', 'backup');
-- serves finding what is to be done
CREATE INDEX operation_open ON letopis.operation (lane, asked_at) WHERE ended_at IS NULL;
-- serves the list, the latest first
CREATE INDEX operation_by_time ON letopis.operation (asked_at DESC, job_id DESC);

-- `is_heard`: false of a job that runs and of which nothing was heard for a while; its process may be gone. (What was typed
-- tells of itself where it was typed.)
CREATE VIEW read.operation AS
SELECT
    o.job_id,
    o.operation,
    o.about,
    o.parameters,
    o.asked_by,
    o.asked_as,
    o.reason,
    o.state,
    o.state <> 'running' OR o.asked_as = 'terminal' OR o.heard_at > clock_timestamp() - interval '15 seconds' AS is_heard,
    o.progress,
    o.outcome,
    o.asked_at,
    o.started_at,
    o.ended_at
FROM letopis.operation AS o;

GRANT SELECT, INSERT, UPDATE ON letopis.operation TO {projector};
GRANT SELECT ON read.operation TO {reader}, {projector};
