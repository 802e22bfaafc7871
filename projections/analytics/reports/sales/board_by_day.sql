--: title.en = "Board by day: open deals at the end of each day"
--: title.ru = "Доска по дням: открытые сделки на конец каждого дня"
--: columns = "day pipeline_id pipeline stage currency deals amount"
--: order = "day pipeline_id stage currency"
--: parameters = "from to seller_id pipeline_id by_occurrence"
--: chart = { mark = "area", along = "day", counts = "deals", by = "stage" }
-- What the board showed at the end of each day (company's zone): open deals by pipeline, stage and currency (NULL when
-- nobody said what the deal is worth), of the seller who led the deal then. A day counts what was recorded by its end, as
-- the board as of that day does; by_occurrence: what had happened by its end (as_of=occurred:), whenever it was recorded.
-- The days: from the first fact of any deal on, up to today, or to the last fact where no day is said to be today.
WITH fact AS (
    SELECT
        *,
        CAST(timezone($zone, CASE WHEN CAST($by_occurrence AS BOOLEAN) THEN occurred_at ELSE recorded_at END) AS DATE) AS day
    FROM fact_deal
),
span AS (
    SELECT
        CAST(unnest(generate_series(
            greatest(CAST($from AS DATE), min(day)),
            least(CAST($to AS DATE), coalesce(CAST($upto AS DATE), max(day))),
            INTERVAL 1 DAY
        )) AS DATE) AS day
    FROM fact
),
-- What a deal is at the end of a day its facts up to that day say, in the order they were recorded.
stood AS (
    SELECT DISTINCT
        deal_id,
        day,
        arg_max(pipeline_id, position) OVER told AS pipeline_id,
        arg_max(seller_id, position) OVER told AS seller_id,
        arg_max(stage, position) FILTER (WHERE kind IN ('opened', 'moved', 'reopened')) OVER told AS stage,
        arg_max(kind, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened', 'entry_reverted')) OVER told AS turn,
        arg_max({'amount': amount, 'currency': currency}, position)
            FILTER (WHERE kind IN ('opened', 'revalued', 'won')) OVER told AS worth
    FROM fact
    WINDOW told AS (PARTITION BY deal_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
open_from AS (
    SELECT
        day,
        lead(day) OVER (PARTITION BY deal_id ORDER BY day) AS until,
        pipeline_id,
        seller_id,
        stage,
        turn,
        worth.currency AS currency,
        worth.amount AS amount
    FROM stood
),
-- A deal comes into a column on one day, and leaves it on another; the sums of both up to a day are what was there.
change AS (
    SELECT
        unnest([day, until]) AS day,
        unnest([1, -1]) AS deals,
        unnest([amount, -amount]) AS amount,
        pipeline_id,
        stage,
        currency
    FROM open_from
    WHERE turn IN ('opened', 'reopened')
        AND pipeline_id IS NOT NULL
        AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
        AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
        AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
),
place AS (
    SELECT DISTINCT pipeline_id, stage, currency
    FROM change
),
changed AS (
    SELECT
        greatest(day, (SELECT min(day) FROM span)) AS day,
        pipeline_id,
        stage,
        currency,
        sum(deals) AS deals,
        sum(amount) AS amount
    FROM change
    WHERE day IS NOT NULL
    GROUP BY ALL
)
SELECT
    span.day,
    place.pipeline_id,
    place.stage,
    place.currency,
    CAST(sum(changed.deals) OVER upto AS BIGINT) AS deals,
    CASE WHEN place.currency IS NOT NULL THEN sum(changed.amount) OVER upto END AS amount
FROM span
CROSS JOIN place
LEFT JOIN changed
    ON changed.day = span.day
    AND changed.pipeline_id = place.pipeline_id
    AND changed.stage = place.stage
    AND changed.currency IS NOT DISTINCT FROM place.currency
WINDOW upto AS (PARTITION BY place.pipeline_id, place.stage, place.currency ORDER BY span.day)
QUALIFY sum(changed.deals) OVER upto > 0
