--: title.en = "Won and lost: what ends how, at which stage and why"
--: title.ru = "Победы и потери: что чем кончается, на каком этапе и почему"
--: columns = "pipeline_id pipeline outcome reason_code product_code stage currency deals share amount"
--: order = "pipeline_id outcome reason_code product_code stage currency"
--: parameters = "from to seller_id pipeline_id"
--: chart = { mark = "bar", along = "outcome", counts = "deals amount" }
-- How deals ended that are not open again, on which day of a period (from, to; company's zone; without them all time): by
-- pipeline, won or lost, the coded reason of a loss (NULL: told in words alone, or won), the product, the last stage that
-- they stood at, and currency (NULL: nobody said what the deal was worth; counted, without a sum).
-- share: of all deals of the pipeline that ended so asked for, in per cent, rounded half up to 0.01; those of what was won
-- add up to the win rate by count, but for rounding. Open deals are in none of it: they are not lost.
-- amount: what wins credit, and what lost deals were last said to be worth.
WITH counted AS (
    SELECT
        pipeline_id,
        status AS outcome,
        reason_code,
        product_code,
        last_stage AS stage,
        currency,
        count(*) AS deals,
        sum(amount) AS amount
    FROM ended_deal
    WHERE ($from IS NULL OR ended_on >= CAST($from AS DATE))
        AND ($to IS NULL OR ended_on <= CAST($to AS DATE))
        AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
        AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
        AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
    GROUP BY ALL
)
SELECT
    *,
    CAST(
        (deals * 20000 + sum(deals) OVER pipeline) // (2 * sum(deals) OVER pipeline)
        * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(5, 2)
    ) AS share
FROM counted
WINDOW pipeline AS (PARTITION BY pipeline_id)
