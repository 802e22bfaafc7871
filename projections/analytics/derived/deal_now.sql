-- One row is a deal as its facts leave it, in the order they were recorded (position).
-- A deal that ended and was reopened is open: its earlier ending counts nowhere. What it is worth is what was last said
-- by its opening, a revaluation or a win, even if that was "unknown". `opened_at` is NULL when the date is not known.
-- arg_max_null: the last fact's value, whether it has one or not. One for each column is faster than one of a struct.
SELECT
    deal_id,
    any_value(pipeline_id) AS pipeline_id,
    min(occurred_at) FILTER (WHERE kind = 'opened' AND NOT date_unknown) AS opened_at,
    arg_max(seller_id, position) AS seller_id,
    arg_max(product_code, position) AS product_code,
    arg_max(stage, position) FILTER (WHERE kind IN ('opened', 'moved', 'reopened')) AS last_stage,
    arg_max_null(amount, position) FILTER (WHERE kind IN ('opened', 'revalued', 'won')) AS amount,
    arg_max_null(currency, position) FILTER (WHERE kind IN ('opened', 'revalued', 'won')) AS currency,
    arg_max(kind, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) AS turn,
    arg_max(occurred_at, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) AS turned_at,
    arg_max_null(seller_id, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) AS turned_by,
    arg_max_null(reason, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) AS reason,
    CASE WHEN turn IN ('won', 'lost') THEN turn ELSE 'open' END AS status
FROM fact_deal
GROUP BY deal_id
