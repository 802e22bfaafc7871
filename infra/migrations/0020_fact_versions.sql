-- One row is a version of a kind of fact that some Letopis started on this database can write. No fact of this version
-- stands at `since` or before it: that was the log's end when the first such Letopis started.
CREATE TABLE letopis.fact_version (
    topic          text     NOT NULL,
    schema_version smallint NOT NULL CHECK (schema_version > 0),
    since          bigint   NOT NULL,
    PRIMARY KEY (topic, schema_version)
);

-- Read once from end to end; from now on every start looks at this short table instead.
INSERT INTO letopis.fact_version (topic, schema_version, since)
SELECT topic, schema_version, min(position) - 1
FROM letopis.event
GROUP BY topic, schema_version;
