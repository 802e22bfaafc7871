-- One row is a pipeline as its facts leave it, in the order they were recorded.
SELECT
    pipeline_id,
    arg_max(name, position) AS name,
    coalesce(arg_max(kind, position) FILTER (WHERE kind IN ('retired', 'restored')) = 'retired', false) AS is_retired
FROM fact_pipeline
GROUP BY pipeline_id
