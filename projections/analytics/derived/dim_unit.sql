-- One row is a {unit} as its facts leave it, in the order they were recorded; the days are in the company's zone.
-- opened_on is NULL when the date is not known, closed_on while it is open. Teams and branches are asked alike.
SELECT
    {unit}_id,
    arg_max(name, position) AS name,
    arg_max_null(head_id, position) FILTER (WHERE kind IN ('opened', 'moved_under_head')) AS head_id,
    arg_max_null(
        CASE WHEN NOT date_unknown THEN CAST(timezone($zone, occurred_at) AS DATE) END, position
    ) FILTER (WHERE kind = 'opened') AS opened_on,
    arg_max_null(
        CASE kind WHEN 'closed' THEN CAST(timezone($zone, occurred_at) AS DATE) END, position
    ) FILTER (WHERE kind IN ('opened', 'closed')) AS closed_on
FROM fact_{unit}
GROUP BY {unit}_id
