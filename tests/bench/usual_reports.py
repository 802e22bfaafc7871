"""The reports in PostgreSQL's SQL, as whoever knows it well would write them over the same fact tables.

The last facts of a deal, which most of a report's time goes into, were tried as look-ups of their places, as DISTINCT
ON, as lateral joins and as ordered aggregates, and stand here as the fastest; so does the seller of a stage. An index
gives a deal's facts in order, so that no table is sorted. Only the conditions that are asked for are in a statement.
"""

from collections.abc import Mapping
from typing import Any

import psycopg

from infra.amounts import postgres_text

_TURNS = "kind IN ('opened', 'won', 'lost', 'reopened')"
_WORTH = "kind IN ('opened', 'revalued', 'won')"
_VISITS = "kind IN ('opened', 'moved', 'reopened')"


def _last(column: str, condition: str) -> str:
    return f"(array_agg({column} ORDER BY position DESC) FILTER (WHERE {condition}))[1]"


# Columns that a report does not name are not computed.
_DEAL_NOW = f"""
deal_now AS (
    SELECT
        deal_id,
        any_value(pipeline_id) AS pipeline_id,
        min(occurred_at) FILTER (WHERE kind = 'opened' AND NOT date_unknown) AS opened_at,
        {_last("seller_id", "seller_id IS NOT NULL")} AS seller_id,
        {_last("product_code", "product_code IS NOT NULL")} AS product_code,
        {_last("stage", _VISITS)} AS last_stage,
        {_last("amount", _WORTH)} AS amount,
        {_last("currency", _WORTH)} AS currency,
        {_last("kind", _TURNS)} AS turn,
        {_last("occurred_at", _TURNS)} AS turned_at,
        {_last("seller_id", _TURNS)} AS turned_by,
        {_last("reason_code", _TURNS)} AS reason_code
    FROM fact_deal
    WHERE {{known}}
    GROUP BY deal_id
)"""

_ENDED_DEAL = f"""{_DEAL_NOW},
ended_deal AS (
    SELECT
        turn AS status,
        pipeline_id,
        turned_by AS seller_id,
        reason_code,
        product_code,
        amount,
        currency,
        CAST(opened_at AT TIME ZONE %(zone)s AS date) AS opened_on,
        CAST(turned_at AT TIME ZONE %(zone)s AS date) AS day,
        CAST(date_trunc('month', turned_at AT TIME ZONE %(zone)s) AS date) AS month
    FROM deal_now
    WHERE turn IN ('won', 'lost')
)"""

_STAGE_HISTORY = f"""
WITH step AS (
    SELECT
        deal_id,
        position,
        kind,
        occurred_at,
        stage,
        first_value(pipeline_id) OVER facts AS pipeline_id,
        array_agg(seller_id) FILTER (WHERE seller_id IS NOT NULL) OVER facts AS sellers
    FROM fact_deal
    WHERE {{known}}
    WINDOW facts AS (PARTITION BY deal_id ORDER BY position)
),
turn AS (
    SELECT *, lead(occurred_at) OVER turns AS left_at, lead(kind) OVER turns AS left_by
    FROM step
    WHERE kind IN ('opened', 'moved', 'won', 'lost', 'reopened')
    WINDOW turns AS (PARTITION BY deal_id ORDER BY position)
),
visit AS (
    SELECT
        *,
        sellers[cardinality(sellers)] AS seller_id,
        row_number() OVER (PARTITION BY deal_id ORDER BY position) AS visit,
        CAST(occurred_at AT TIME ZONE %(zone)s AS date) AS day
    FROM turn
    WHERE {_VISITS}
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
    CAST(floor(extract(epoch FROM left_at - occurred_at)) AS bigint) AS duration_seconds
FROM visit
WHERE {{wanted}}
ORDER BY deal_id, visit"""

_SALES_CYCLE = f"""
WITH {_ENDED_DEAL}
SELECT
    month,
    pipeline_id,
    seller_id,
    status AS outcome,
    count(*) AS deals,
    round(avg(greatest(0, day - opened_on)), 2) AS average_days,
    CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(0, day - opened_on)) AS numeric(18, 2)) AS median_days,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY greatest(0, day - opened_on)) AS p90_days
FROM ended_deal
WHERE opened_on IS NOT NULL AND {{wanted}}
GROUP BY month, pipeline_id, seller_id, status
ORDER BY month, pipeline_id, seller_id, outcome"""

_CHURN_REASONS = f"""
WITH {_ENDED_DEAL}
SELECT month, reason_code, currency, count(*) AS deals, sum(amount) AS amount
FROM ended_deal
WHERE status = 'lost' AND {{wanted}}
GROUP BY month, reason_code, currency
ORDER BY month, reason_code, currency"""

_MONTHLY_SALES = f"""
WITH {_ENDED_DEAL},
sale AS (
    SELECT month, currency, CASE WHEN %(by_product)s THEN product_code END AS product_code, amount
    FROM ended_deal
    WHERE status = 'won' AND {{wanted}}
)
SELECT month, currency, product_code, count(*) AS deals, sum(amount) AS amount
FROM sale
GROUP BY month, currency, product_code
ORDER BY month, currency, product_code"""

_PIPELINE_TOTALS = f"""
WITH {_DEAL_NOW},
standing AS (
    SELECT
        pipeline_id,
        CASE WHEN turn IN ('won', 'lost') THEN turn ELSE 'open' END AS status,
        CASE WHEN turn NOT IN ('won', 'lost') THEN last_stage END AS stage,
        currency,
        amount
    FROM deal_now
    WHERE {{wanted}}
)
SELECT pipeline_id, status, stage, currency, count(*) AS deals, sum(amount) AS amount
FROM standing
GROUP BY pipeline_id, status, stage, currency
ORDER BY pipeline_id, status, stage, currency"""

_STAFF_SCORECARD = f"""
WITH {_ENDED_DEAL},
classified AS (
    SELECT DISTINCT ON (activity_id) activity_id, position, staff_id, call_status
    FROM fact_activity
    WHERE kind = 'call_classified' AND {{known}}
    ORDER BY activity_id, position DESC
),
work AS (
    SELECT
        CAST(held.occurred_at AT TIME ZONE %(zone)s AS date) AS day,
        coalesce(held.staff_id, classified.staff_id) AS seller_id,
        held.channel,
        held.is_offer,
        NULL AS status,
        NULL AS currency,
        CAST(NULL AS numeric) AS amount
    FROM (SELECT * FROM fact_activity WHERE kind = 'held' AND channel <> 'task' AND {{known}}) AS held
    LEFT JOIN classified USING (activity_id)
    WHERE CASE
        WHEN held.call_status IS NULL OR classified.position > held.position THEN classified.call_status
        ELSE held.call_status
    END IS DISTINCT FROM 'misdial'
    UNION ALL
    SELECT CAST(occurred_at AT TIME ZONE %(zone)s AS date), seller_id, NULL, false, 'opened', NULL, NULL
    FROM fact_deal
    WHERE kind = 'opened' AND {{known}}
    UNION ALL
    SELECT
        day,
        seller_id,
        NULL,
        false,
        status,
        CASE status WHEN 'won' THEN currency END,
        CASE status WHEN 'won' THEN amount END
    FROM ended_deal
),
by_currency AS (
    SELECT
        CAST(date_trunc('month', CAST(day AS timestamp)) AS date) AS month,
        seller_id AS staff_id,
        currency,
        count(channel) AS contacts,
        count(*) FILTER (WHERE channel = 'meeting') AS meetings,
        count(*) FILTER (WHERE is_offer) AS offers,
        count(*) FILTER (WHERE status = 'opened') AS opened,
        count(*) FILTER (WHERE status = 'won') AS won,
        count(*) FILTER (WHERE status = 'lost') AS lost,
        sum(amount) AS amount
    FROM work
    WHERE seller_id IS NOT NULL AND {{wanted}}
    GROUP BY month, staff_id, currency
)
SELECT
    month,
    staff_id,
    CAST(sum(contacts) AS bigint) AS contacts,
    CAST(sum(meetings) AS bigint) AS meetings,
    CAST(sum(offers) AS bigint) AS offers,
    CAST(sum(opened) AS bigint) AS deals_opened,
    CAST(sum(won) AS bigint) AS deals_won,
    CAST(sum(lost) AS bigint) AS deals_lost,
    round(100 * sum(won) / nullif(sum(won) + sum(lost), 0), 2) AS win_rate,
    string_agg({postgres_text("amount", "currency")} || ' ' || currency, '; ' ORDER BY currency) AS amount_won
FROM by_currency
GROUP BY month, staff_id
ORDER BY month, staff_id"""

_REPORTS = {
    "stage_history": _STAGE_HISTORY,
    "sales_cycle": _SALES_CYCLE,
    "churn_reasons": _CHURN_REASONS,
    "monthly_sales": _MONTHLY_SALES,
    "pipeline_totals": _PIPELINE_TOTALS,
    "staff_scorecard": _STAFF_SCORECARD,
}

_WANTED = {
    "from": "day >= %(from)s",
    "to": "day <= %(to)s",
    "seller_id": "seller_id = %(seller_id)s",
    "pipeline_id": "pipeline_id = %(pipeline_id)s",
}


def usual_statement(
    connection: psycopg.Connection[Any], report: str, parameters: Mapping[str, str], occurred: str | None, zone: str
) -> str:
    """Return the SQL that answers a report, its values written into it (the Arrow driver is slower with parameters)."""
    conditions = [condition for name, condition in _WANTED.items() if name in parameters]
    text = _REPORTS[report].format(
        known="occurred_at <= %(occurred)s" if occurred else "true", wanted=" AND ".join(conditions) or "true"
    )
    values = {"zone": zone, "by_product": "by_product" in parameters, "occurred": occurred, **parameters}
    return psycopg.ClientCursor(connection).mogrify(text, values)
