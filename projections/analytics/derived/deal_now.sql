-- One row is a deal as its facts leave it, in the order they were recorded (position).
-- A deal that ended and was reopened is open: its earlier ending counts nowhere. What it is worth is what was last said
-- by its opening, a revaluation or a win, even if that was "unknown". `opened_at` is NULL when the date is not known.
SELECT
    *,
    CASE turn.kind
        WHEN 'won' THEN 'won'
        WHEN 'lost' THEN 'lost'
        ELSE 'open'
    END AS status
FROM (
    SELECT
        deal_id,
        any_value(pipeline_id) AS pipeline_id,
        min(occurred_at) FILTER (WHERE kind = 'opened' AND NOT date_unknown) AS opened_at,
        arg_max(seller_id, position) AS seller_id,
        arg_max(product_code, position) AS product_code,
        arg_max(stage, position) FILTER (WHERE kind IN ('opened', 'moved', 'reopened')) AS last_stage,
        arg_max({'amount': amount, 'currency': currency}, position)
            FILTER (WHERE kind IN ('opened', 'revalued', 'won')) AS worth,
        arg_max({'kind': kind, 'at': occurred_at, 'seller_id': seller_id, 'reason': reason}, position)
            FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) AS turn
    FROM fact_deal
    GROUP BY deal_id
)
