--: title.en = "Sales forecast: what a period will bring, and how surely"
--: title.ru = "Прогноз продаж: что принесёт период и насколько это надёжно"
--: columns = "tile pipeline_id pipeline stage currency deals amount ended win_rate weighted"
--: order = "place pipeline_id stage currency"
--: parameters = "from to seller_id pipeline_id"
--: chart = { mark = "bar", along = "tile", counts = "deals amount" }
-- What a period (from, to; company's zone; without them all time) was won for, and what may still come: every open deal
-- stands in exactly one tile, by pipeline, stage and currency (NULL: nobody said what it is worth; counted, without a sum).
-- won: deals that ended in the period so and are not open again, for what the wins credit; they have no stage.
-- slipped: open, and expected to close on a day that is past (before the day of the answer; as of a moment: before its day).
-- commit, best_case, pipeline: open, expected in the period, counted on so surely. another_period: expected outside it.
-- no_day: nobody said when. A category says nothing of deals that slipped or have no day.
-- win_rate: of the deals of those asked for that have ended (ended: how many) and had stood in this stage of the pipeline,
-- those won, in per cent, rounded half up to 0.01; NULL, not 0, below 30 of them: too little history. Deals that end later than the
-- moment asked for count in none of this. weighted: amount times that rate, rounded half up to 0.01; NULL where either is.
-- Source: the company's definition of its forecast.
WITH asked AS (
    SELECT *
    FROM deal_now
    WHERE turn IS NOT NULL
        AND pipeline_id IS NOT NULL
        AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
        AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
        AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
),
today AS (
    SELECT coalesce(CAST($upto AS DATE), CAST(timezone($zone, max(occurred_at)) AS DATE)) AS day
    FROM deal_fact
),
outlook AS (
    SELECT
        deal_id,
        arg_max_null(expected_on, position) FILTER (WHERE kind = 'closing_expected') AS expected_on,
        arg_max(category, position) AS category
    FROM deal_fact
    WHERE kind IN ('closing_expected', 'categorised')
    GROUP BY deal_id
),
stood AS (
    SELECT DISTINCT deal_id, stage
    FROM deal_fact
    WHERE kind IN ('opened', 'moved', 'reopened')
),
past AS (
    SELECT
        pipeline_id,
        stage,
        count(*) AS ended,
        count(*) FILTER (WHERE status = 'won') AS won
    FROM asked
    JOIN stood USING (deal_id)
    WHERE status <> 'open'
    GROUP BY pipeline_id, stage
),
placed AS (
    SELECT
        CASE
            WHEN status = 'won' THEN 'won'
            WHEN expected_on IS NULL THEN 'no_day'
            WHEN expected_on < (SELECT day FROM today) THEN 'slipped'
            WHEN ($from IS NULL OR expected_on >= CAST($from AS DATE))
                AND ($to IS NULL OR expected_on <= CAST($to AS DATE))
                THEN coalesce(category, 'pipeline')
            ELSE 'another_period'
        END AS tile,
        pipeline_id,
        CASE status WHEN 'open' THEN last_stage END AS stage,
        currency,
        count(*) AS deals,
        sum(amount) AS amount
    FROM asked
    LEFT JOIN outlook USING (deal_id)
    WHERE status = 'open'
        OR (
            status = 'won'
            AND ($from IS NULL OR CAST(timezone($zone, turned_at) AS DATE) >= CAST($from AS DATE))
            AND ($to IS NULL OR CAST(timezone($zone, turned_at) AS DATE) <= CAST($to AS DATE))
        )
    GROUP BY ALL
)
SELECT
    tile,
    pipeline_id,
    stage,
    currency,
    deals,
    amount,
    CASE WHEN tile <> 'won' THEN coalesce(ended, 0) END AS ended,
    CASE
        WHEN ended >= 30
            THEN CAST((won * 20000 + ended) // (2 * ended) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(5, 2))
    END AS win_rate,
    -- Whole ten-thousandths of the currency, so that the result is exact.
    CASE
        WHEN ended >= 30
            THEN CAST(
                (CAST(amount * 10000 AS HUGEINT) * won * 2 + 100 * ended) // (200 * ended) AS DECIMAL(36, 0)
            ) * CAST(0.01 AS DECIMAL(2, 2))
    END AS weighted,
    list_position(['won', 'commit', 'best_case', 'pipeline', 'slipped', 'another_period', 'no_day'], tile) AS place
FROM placed
LEFT JOIN past USING (pipeline_id, stage)
