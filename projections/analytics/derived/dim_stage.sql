-- One row is a stage of a pipeline as its facts leave it. `place` counts from 1 in the order in which deals pass: as
-- defined, and an added stage after the one it names, or first; after one never heard of it comes last.
WITH RECURSIVE change AS (
    SELECT
        pipeline_id,
        row_number() OVER (PARTITION BY pipeline_id ORDER BY position) AS step,
        kind,
        stage,
        after_stage,
        [one.code FOR one IN stages] AS codes
    FROM fact_pipeline
    WHERE kind IN ('defined', 'stage_added')
),
road AS (
    SELECT
        pipeline_id,
        step,
        CASE kind WHEN 'defined' THEN codes ELSE [stage] END AS codes
    FROM change
    WHERE step = 1
    UNION ALL
    SELECT
        road.pipeline_id,
        change.step,
        CASE
            WHEN change.kind = 'defined' THEN change.codes
            WHEN change.after_stage IS NULL THEN [change.stage] || road.codes
            WHEN list_contains(road.codes, change.after_stage)
                THEN list_concat(
                    road.codes[: list_position(road.codes, change.after_stage)],
                    [change.stage],
                    road.codes[list_position(road.codes, change.after_stage) + 1 :]
                )
            ELSE road.codes || [change.stage]
        END
    FROM road
    JOIN change ON change.pipeline_id = road.pipeline_id AND change.step = road.step + 1
),
last_road AS (
    SELECT
        pipeline_id,
        arg_max(codes, step) AS codes
    FROM road
    GROUP BY pipeline_id
),
placed AS (
    SELECT
        pipeline_id,
        unnest(codes) AS stage,
        unnest(range(1, len(codes) + 1)) AS place
    FROM last_road
),
said AS (
    SELECT pipeline_id, position, kind, stage, stage_name, probability
    FROM fact_pipeline
    WHERE stage IS NOT NULL
    UNION ALL
    SELECT pipeline_id, position, kind, one.code, one.name, one.probability
    FROM (SELECT pipeline_id, position, kind, unnest(stages) AS one FROM fact_pipeline)
)
SELECT
    placed.pipeline_id,
    placed.stage,
    placed.place,
    arg_max(said.stage_name, said.position) AS name,
    arg_max(said.probability, said.position) AS probability,
    coalesce(
        arg_max(said.kind, said.position) FILTER (WHERE said.kind IN ('stage_retired', 'stage_restored'))
        = 'stage_retired',
        false
    ) AS is_retired
FROM placed
LEFT JOIN said USING (pipeline_id, stage)
GROUP BY ALL
