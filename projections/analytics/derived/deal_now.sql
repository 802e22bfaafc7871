-- One row is a deal as its facts leave it, in the order they were recorded (position).
-- A deal that ended and was reopened is open: its earlier ending counts nowhere. What it is worth is what was last said
-- by its opening, a revaluation or a win, even if that was "unknown". `opened_at` is NULL when the date is not known.
-- The last turn and the last worth are looked up by their places: that is faster than an arg_max for each of their columns.
WITH latest AS (
    SELECT
        deal_id,
        any_value(pipeline_id) AS pipeline_id,
        min(occurred_at) FILTER (WHERE kind = 'opened' AND NOT date_unknown) AS opened_at,
        arg_max(seller_id, position) AS seller_id,
        arg_max(product_code, position) AS product_code,
        arg_max(stage, position) FILTER (WHERE kind IN ('opened', 'moved', 'reopened')) AS last_stage,
        max(position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) AS turned,
        max(position) FILTER (WHERE kind IN ('opened', 'revalued', 'won')) AS valued
    FROM deal_fact
    GROUP BY deal_id
)
SELECT
    latest.deal_id,
    latest.pipeline_id,
    latest.opened_at,
    latest.seller_id,
    latest.product_code,
    latest.last_stage,
    worth.amount,
    worth.currency,
    turn.kind AS turn,
    turn.occurred_at AS turned_at,
    turn.seller_id AS turned_by,
    turn.reason_code,
    CASE WHEN turn.kind IN ('won', 'lost') THEN turn.kind ELSE 'open' END AS status
FROM latest
LEFT JOIN deal_fact AS turn ON turn.position = latest.turned
LEFT JOIN deal_fact AS worth ON worth.position = latest.valued
