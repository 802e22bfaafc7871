-- One row is a fact that a read model passes over for ever at one place: what was wrong with it, and who said so why.
CREATE VIEW read.skipped AS
SELECT s.name, s.place, s.position, s.topic, s.failure, s.reason, s.actor, s.skipped_at
FROM letopis.skipped AS s;

GRANT SELECT ON read.skipped TO {reader}, {projector};
