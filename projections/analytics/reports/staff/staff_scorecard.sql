--: title.en = "Staff scorecard: contacts, deals and sums per month"
--: title.ru = "Показатели сотрудников: контакты, сделки и суммы по месяцам"
--: columns = "month staff_id staff contacts meetings offers deals_opened deals_won deals_lost win_rate amount_won"
--: order = "month staff_id"
--: parameters = "from to seller_id"
--: chart = { mark = "bar", along = "staff", counts = "contacts deals_won" }
-- What each staff member did in each month (company's zone; each fact in the month it occurred).
-- contacts: touchpoints held, without tasks and misdials. meetings: those held as a meeting. offers: those with an offer.
-- deals_opened: openings by that seller. deals_won, deals_lost: endings credited to that seller, of deals not open again.
-- win_rate: won of those won and lost, in per cent, rounded half up to 0.01; NULL when none ended.
-- amount_won: one sum per currency, never added up, as '100.00 EUR; 25.50 USD'; NULL when nothing was won.
WITH work AS (
    SELECT
        held_on AS day,
        staff_id,
        1 AS contacts,
        CAST(channel = 'meeting' AS INTEGER) AS meetings,
        CAST(is_offer AS INTEGER) AS offers,
        0 AS opened,
        0 AS won,
        0 AS lost,
        CAST(NULL AS VARCHAR) AS currency,
        CAST(NULL AS DECIMAL(18, 4)) AS amount
    FROM touchpoint
    WHERE channel <> 'task' AND call_status IS DISTINCT FROM 'misdial'
    UNION ALL
    SELECT CAST(timezone($zone, occurred_at) AS DATE), seller_id, 0, 0, 0, 1, 0, 0, NULL, NULL
    FROM deal_fact
    WHERE kind = 'opened'
    UNION ALL
    SELECT
        ended_on,
        seller_id,
        0,
        0,
        0,
        0,
        CAST(status = 'won' AS INTEGER),
        CAST(status = 'lost' AS INTEGER),
        CASE status WHEN 'won' THEN currency END,
        CASE status WHEN 'won' THEN amount END
    FROM ended_deal
),
by_currency AS (
    SELECT
        CAST(date_trunc('month', day) AS DATE) AS month,
        staff_id,
        currency,
        sum(contacts) AS contacts,
        sum(meetings) AS meetings,
        sum(offers) AS offers,
        sum(opened) AS opened,
        sum(won) AS won,
        sum(lost) AS lost,
        sum(amount) AS amount
    FROM work
    WHERE staff_id IS NOT NULL
        AND ($from IS NULL OR day >= CAST($from AS DATE))
        AND ($to IS NULL OR day <= CAST($to AS DATE))
        AND ($seller_id IS NULL OR staff_id = CAST($seller_id AS UUID))
        AND ($within IS NULL OR staff_id IN (SELECT unnest(CAST($within AS UUID[]))))
    GROUP BY ALL
),
by_month AS (
    SELECT
        month,
        staff_id,
        CAST(sum(contacts) AS BIGINT) AS contacts,
        CAST(sum(meetings) AS BIGINT) AS meetings,
        CAST(sum(offers) AS BIGINT) AS offers,
        CAST(sum(opened) AS BIGINT) AS deals_opened,
        CAST(sum(won) AS BIGINT) AS deals_won,
        CAST(sum(lost) AS BIGINT) AS deals_lost,
        deals_won + deals_lost AS ended,
        string_agg(amount_text(amount, currency) || ' ' || currency, '; ' ORDER BY currency) AS amount_won
    FROM by_currency
    GROUP BY month, staff_id
)
SELECT
    *,
    CASE
        WHEN ended > 0
            THEN CAST((deals_won * 20000 + ended) // (2 * ended) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(5, 2))
    END AS win_rate
FROM by_month
