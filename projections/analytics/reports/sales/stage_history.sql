--: title.en = "Stage history: every visit of every deal to a stage"
--: title.ru = "История этапов: каждый заход каждой сделки на этап"
--: columns = "deal_id visit pipeline_id pipeline stage seller_id seller entered_at left_at left_by duration_seconds"
--: order = "deal_id visit"
--: parameters = "from to seller_id pipeline_id"
-- One row is one visit of a deal to a stage: it begins with the opening, a move or a reopening and lasts until the deal's
-- next move or ending (recorded order; the times are those of the facts). A deal that is still there has left_at NULL.
-- duration_seconds: whole seconds between the two; negative only if the facts were dated backwards.
-- The seller is the one who led the deal when it entered. Source: the company's definition of a stage visit.
-- One window for everything: its sort is what the report costs. An opening is the first fact of its deal.
WITH step AS (
    SELECT
        deal_id,
        kind,
        occurred_at,
        stage,
        first_value(pipeline_id IGNORE NULLS) OVER facts AS pipeline_id,
        last_value(seller_id IGNORE NULLS) OVER facts AS seller_id,
        lead(
            CASE WHEN kind IN ('opened', 'moved', 'won', 'lost', 'reopened') THEN occurred_at END IGNORE NULLS
        ) OVER facts AS left_at,
        lead(
            CASE WHEN kind IN ('opened', 'moved', 'won', 'lost', 'reopened') THEN kind END IGNORE NULLS
        ) OVER facts AS left_by,
        count(*) FILTER (WHERE kind IN ('opened', 'moved', 'reopened')) OVER facts AS visit
    FROM deal_fact
    -- Neither of these says anything of a stage or a seller.
    WHERE kind NOT IN ('client_named', 'revalued', 'closing_expected', 'categorised')
    WINDOW facts AS (PARTITION BY deal_id ORDER BY position)
),
visit AS (
    SELECT
        *,
        CAST(timezone($zone, occurred_at) AS DATE) AS entered_on
    FROM step
    WHERE kind IN ('opened', 'moved', 'reopened')
)
SELECT
    deal_id,
    visit,
    pipeline_id,
    stage,
    seller_id,
    occurred_at AS entered_at,
    left_at,
    left_by,
    (epoch_us(left_at) - epoch_us(occurred_at)) // 1000000 AS duration_seconds
FROM visit
WHERE ($from IS NULL OR entered_on >= CAST($from AS DATE))
    AND ($to IS NULL OR entered_on <= CAST($to AS DATE))
    AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
    AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
    AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
