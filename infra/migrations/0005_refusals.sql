-- Who was refused what is shown to auditors beside the facts. It is written after the answer was given, without waiting
-- for the disk: it is a record of attempts, not part of the truth.

-- serves one stream's refusals in the order of time
CREATE INDEX refusal_by_stream ON letopis.refusal (stream_id, refused_at, refusal_id);

-- One row is a refusal as auditors may see it.
CREATE VIEW read.refusal AS
SELECT r.refusal_id, r.refused_at, r.actor, r.command, r.stream_id, r.code, r.facts
FROM letopis.refusal AS r;
GRANT SELECT ON read.refusal TO {reader};
