--: title.en = "Pipeline movement: what changed the open deals between two days"
--: title.ru = "Движение воронки: что изменило открытые сделки между двумя днями"
--: columns = "currency movement facts deals amount"
--: order = "currency place"
--: parameters = "from to seller_id pipeline_id expected_from expected_to"
--: chart = { mark = "bar", along = "movement", counts = "facts" }
-- What was open when the first day began, what changed it, and what was open when the last day ended (company's zone), by
-- currency (NULL: nobody said what the deal is worth; counted, without an amount). In each currency deals and amount of
-- `opening` and of all that stands between it and `closing` add up to those of `closing`, exactly; what leaves is negative.
-- A currency in which nothing was open or moved is not told. facts: how many facts did it. A fact moves a deal where it
-- says, of the moment it names: +100 and then -50 are both told.
-- A deal counts at a moment as the facts of until then leave it, in the order they were recorded; it is open once it was
-- opened. Facts whose import was reverted are none. opened, reopened: came in; won, lost: went out, for what the deal was
-- worth then. A win for another amount revalues first, so that what is told as won is what the win credits.
-- revalued_up, revalued_down: by so much; in another currency, or when a worth becomes known or unknown, the deal leaves
-- the one row and comes into the other. category_changed: how surely it is counted on; moves no amount.
-- handed_in, handed_out: only where a seller is asked for, whose deals are those led then. pulled_in, slipped_out: only
-- where a period is asked for (expected_from, expected_to): the expected day moved into it, or out of it (earlier, later or
-- to no day); without one, a moved day is not told. Source: the company's definition of a movement.
WITH fact AS (
    SELECT
        deal_id,
        position,
        kind,
        occurred_at,
        CAST(timezone($zone, occurred_at) AS DATE) AS day,
        pipeline_id,
        seller_id,
        amount,
        currency,
        expected_on,
        category
    FROM deal_fact
    -- Neither of these says anything of what is told here.
    WHERE kind NOT IN ('client_named', 'moved')
        AND ($to IS NULL OR CAST(timezone($zone, occurred_at) AS DATE) <= CAST($to AS DATE))
),
-- Only these have to be followed fact by fact: of all others it is enough what they were when the first day began.
busy AS (
    SELECT DISTINCT deal_id
    FROM fact
    WHERE $from IS NULL OR day >= CAST($from AS DATE)
),
-- What a deal is after each fact, in the order in which they occurred; of one that is not busy, after its last.
stood AS (
    SELECT
        deal_id,
        position,
        kind,
        occurred_at,
        day,
        first_value(pipeline_id IGNORE NULLS) OVER told AS pipeline_id,
        arg_max(kind, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')) OVER told AS turn,
        arg_max(seller_id, position) OVER told AS seller_id,
        arg_max({'amount': amount, 'currency': currency}, position)
            FILTER (WHERE kind IN ('opened', 'revalued', 'won')) OVER told AS worth,
        arg_max_null(expected_on, position) FILTER (WHERE kind = 'closing_expected') OVER told AS expected_on,
        arg_max(category, position) OVER told AS category
    FROM fact
    SEMI JOIN busy USING (deal_id)
    WINDOW told AS (PARTITION BY deal_id ORDER BY occurred_at, position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    UNION ALL
    SELECT
        deal_id,
        max(position),
        NULL,
        max(occurred_at),
        max(day),
        any_value(pipeline_id),
        arg_max(kind, position) FILTER (WHERE kind IN ('opened', 'won', 'lost', 'reopened')),
        arg_max(seller_id, position),
        arg_max({'amount': amount, 'currency': currency}, position)
            FILTER (WHERE kind IN ('opened', 'revalued', 'won')),
        arg_max_null(expected_on, position) FILTER (WHERE kind = 'closing_expected'),
        arg_max(category, position)
    FROM fact
    ANTI JOIN busy USING (deal_id)
    GROUP BY deal_id
),
counted AS (
    SELECT
        deal_id,
        position,
        kind,
        occurred_at,
        day,
        turn,
        worth.amount AS amount,
        worth.currency AS currency,
        coalesce(category, 'pipeline') AS category,
        coalesce(turn IN ('opened', 'reopened') AND pipeline_id IS NOT NULL, false) AS is_open,
        coalesce(
            ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
            AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[])))),
            false
        ) AS is_theirs,
        coalesce(
            ($expected_from IS NULL OR expected_on >= CAST($expected_from AS DATE))
            AND ($expected_to IS NULL OR expected_on <= CAST($expected_to AS DATE)),
            false
        ) AS is_due
    FROM stood
    WHERE $pipeline_id IS NULL OR pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID)
),
step AS (
    SELECT
        day,
        kind,
        turn,
        is_open,
        is_open AND is_theirs AND is_due AS is_in,
        is_theirs,
        amount,
        currency,
        category,
        coalesce(lag(is_open) OVER told, false) AS was_open,
        coalesce(lag(is_open AND is_theirs AND is_due) OVER told, false) AS was_in,
        lag(is_theirs) OVER told AS was_theirs,
        lag(amount) OVER told AS from_amount,
        lag(currency) OVER told AS from_currency,
        lag(category) OVER told AS from_category
    FROM counted
    WINDOW told AS (PARTITION BY deal_id ORDER BY occurred_at, position)
),
-- First a deal that was in is worth another amount, then it comes in or goes out.
moved AS (
    SELECT
        day,
        unnest(CASE
            WHEN currency IS DISTINCT FROM from_currency THEN [
                {
                    'movement': CASE WHEN currency IS NULL OR from_currency IS NOT NULL THEN 'revalued_down' ELSE 'revalued_up' END,
                    'deals': -1, 'amount': -from_amount, 'currency': from_currency
                },
                {
                    'movement': CASE WHEN currency IS NULL THEN 'revalued_down' ELSE 'revalued_up' END,
                    'deals': 1, 'amount': amount, 'currency': currency
                }
            ]
            ELSE [{
                'movement': CASE WHEN amount > from_amount THEN 'revalued_up' ELSE 'revalued_down' END,
                'deals': 0, 'amount': amount - from_amount, 'currency': currency
            }]
        END, recursive := true)
    FROM step
    WHERE was_in AND (amount IS DISTINCT FROM from_amount OR currency IS DISTINCT FROM from_currency)
    UNION ALL
    SELECT
        day,
        CASE
            WHEN was_open AND NOT is_open THEN turn
            WHEN is_open AND NOT was_open THEN CASE kind WHEN 'opened' THEN 'opened' ELSE 'reopened' END
            WHEN is_theirs IS DISTINCT FROM was_theirs THEN CASE WHEN is_in THEN 'handed_in' ELSE 'handed_out' END
            WHEN is_in THEN 'pulled_in'
            ELSE 'slipped_out'
        END,
        CASE WHEN is_in THEN 1 ELSE -1 END,
        CASE WHEN is_in THEN amount ELSE -amount END,
        currency
    FROM step
    WHERE is_in <> was_in
    UNION ALL
    SELECT day, 'category_changed', 0, 0, currency
    FROM step
    WHERE is_in AND was_in AND category <> from_category
),
total AS (
    SELECT
        currency,
        CASE WHEN $from IS NOT NULL AND day < CAST($from AS DATE) THEN 'opening' ELSE movement END AS movement,
        count(*) AS facts,
        sum(deals) AS deals,
        sum(amount) AS amount
    FROM moved
    GROUP BY ALL
),
told AS (
    SELECT currency, movement, CAST(NULL AS BIGINT) AS facts, deals, amount
    FROM total
    WHERE movement = 'opening'
    UNION ALL
    SELECT currency, movement, facts, deals, amount
    FROM total
    WHERE movement <> 'opening'
    UNION ALL
    SELECT currency, 'opening', NULL, 0, 0
    FROM total
    GROUP BY currency
    HAVING count(*) FILTER (WHERE movement = 'opening') = 0
    UNION ALL
    SELECT currency, 'closing', NULL, sum(deals), sum(amount)
    FROM total
    GROUP BY currency
)
SELECT
    currency,
    movement,
    facts,
    CAST(deals AS BIGINT) AS deals,
    CASE WHEN currency IS NOT NULL THEN CAST(amount AS DECIMAL(38, 4)) END AS amount,
    list_position(
        [
            'opening', 'opened', 'reopened', 'revalued_up', 'revalued_down', 'pulled_in', 'slipped_out', 'handed_in',
            'handed_out', 'category_changed', 'won', 'lost', 'closing'
        ],
        movement
    ) AS place
FROM told
QUALIFY bool_or(movement NOT IN ('opening', 'closing') OR deals <> 0) OVER (PARTITION BY currency)
