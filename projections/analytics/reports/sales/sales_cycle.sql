--: title.en = "Sales cycle: days from opening to ending"
--: title.ru = "Цикл продажи: дней от открытия до завершения"
--: columns = "month pipeline_id pipeline seller_id seller outcome deals average_days median_days p90_days"
--: order = "month pipeline_id seller_id outcome"
--: parameters = "from to seller_id pipeline_id"
--: chart = { mark = "point", along = "month", counts = "median_days", by = "outcome" }
-- How long deals take: calendar days (company's zone) from the opening to the last ending, of deals that have ended and
-- are not open again, by the month of the ending, the pipeline, the seller credited and how it ended.
-- Deals opened on an unknown date are left out; an ending dated before the opening counts as 0 days.
-- average_days: arithmetic mean, rounded half up to 0.01. median_days: the middle one, or the mean of the middle two.
-- p90_days: nearest rank, the smallest number of days that at least 90 % of the deals needed at most (rank = ceil(0.9 n)).
-- Whole-number arithmetic throughout, so that the result is exact.
WITH cycle AS (
    SELECT
        month,
        pipeline_id,
        seller_id,
        status AS outcome,
        greatest(0, ended_on - opened_on) AS days
    FROM ended_deal
    WHERE opened_on IS NOT NULL
        AND ($from IS NULL OR ended_on >= CAST($from AS DATE))
        AND ($to IS NULL OR ended_on <= CAST($to AS DATE))
        AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
        AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
        AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
),
ranked AS (
    SELECT
        month,
        pipeline_id,
        seller_id,
        outcome,
        count(*) AS n,
        CAST(sum(days) AS BIGINT) AS total,
        list_sort(list(days)) AS days
    FROM cycle
    GROUP BY month, pipeline_id, seller_id, outcome
)
SELECT
    month,
    pipeline_id,
    seller_id,
    outcome,
    n AS deals,
    CAST((total * 200 + n) // (2 * n) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS average_days,
    CAST((days[(n + 1) // 2] + days[n // 2 + 1]) * CAST(0.50 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS median_days,
    CAST(days[(9 * n + 9) // 10] AS BIGINT) AS p90_days
FROM ranked
