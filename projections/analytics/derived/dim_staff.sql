-- One row is a member of the staff as their facts leave them, in the order they were recorded; the days are in the
-- company's zone. hired_on is NULL when the date is not known, left_on while they are with us. `name` is the one they
-- have in the directory at the moment of the answer: it stands in no file of facts.
WITH latest AS (
    SELECT
        staff_id,
        arg_max(role, position) AS role,
        arg_max_null(team_id, position) FILTER (WHERE kind IN ('hired', 'moved')) AS team_id,
        arg_max_null(branch_id, position) FILTER (WHERE kind IN ('hired', 'moved')) AS branch_id,
        arg_max_null(head_id, position) FILTER (WHERE kind IN ('hired', 'moved')) AS head_id,
        arg_max_null(
            CASE WHEN NOT date_unknown THEN CAST(timezone($zone, occurred_at) AS DATE) END, position
        ) FILTER (WHERE kind = 'hired') AS hired_on,
        arg_max_null(
            CASE kind WHEN 'departed' THEN CAST(timezone($zone, occurred_at) AS DATE) END, position
        ) FILTER (WHERE kind IN ('hired', 'departed')) AS left_on
    FROM fact_staff
    GROUP BY staff_id
)
SELECT
    latest.staff_id,
    named.name,
    latest.role,
    latest.team_id,
    dim_team.name AS team,
    latest.branch_id,
    dim_branch.name AS branch,
    latest.head_id,
    latest.hired_on,
    latest.left_on
FROM latest
LEFT JOIN dim_team ON dim_team.team_id = latest.team_id
LEFT JOIN dim_branch ON dim_branch.branch_id = latest.branch_id
LEFT JOIN given_staff AS named ON CAST(named.staff_id AS UUID) = latest.staff_id
