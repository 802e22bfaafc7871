"""The fact tables as views over the log itself, for a team without any: each question reads the JSON of every event.

The log is as long as the one behind the multiplied facts, and has the same events in the same columns; no index helps
who reads all of it.
"""

import psycopg

from infra.analytics.fact_schema import FactTable
from projections.interactions.facts import ACTIVITY
from projections.sales.facts import DEAL
from tests.bench.made_log import BEGINNING
from tests.bench.multiplied import MONTH, Spread

SCHEMA = "of_the_log"

# Unlogged: it is written once and only read. The ids in the bodies stay what they were: no question here names one.
_FILL = """
CREATE SCHEMA of_the_log;
CREATE UNLOGGED TABLE of_the_log.event (LIKE letopis.event);
INSERT INTO of_the_log.event (position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at,
    recorded_at, actor, command_id, correlation_id, causation_id, body, parties)
SELECT place, event_id, CAST(md5(concat(stream_id, ' ', n)) AS uuid), version, topic, schema_version, subject_id,
    moment, moment, actor, command_id, correlation_id, causation_id, body, parties
FROM letopis.event
CROSS JOIN generate_series(0, {copies} - 1) AS n
CROSS JOIN LATERAL (SELECT (position + n * {month} / {copies}) * {copies} + n AS place) AS a
CROSS JOIN LATERAL (SELECT timestamptz {beginning} + place * {step} * interval '1 microsecond' AS moment) AS b
"""

_DEAL = """
CREATE VIEW of_the_log.fact_deal AS
SELECT
    position,
    occurred_at,
    stream_id AS deal_id,
    split_part(topic, '.', 2) AS kind,
    CAST(coalesce(body ->> 'seller_id', body ->> 'to_seller_id') AS uuid) AS seller_id,
    CAST(body ->> 'pipeline_id' AS uuid) AS pipeline_id,
    coalesce(body ->> 'stage', body ->> 'to_stage') AS stage,
    body ->> 'product_code' AS product_code,
    CAST(coalesce(body #>> '{{amount,amount}}', body #>> '{{to_amount,amount}}') AS numeric(18, 4)) AS amount,
    coalesce(body #>> '{{amount,currency}}', body #>> '{{to_amount,currency}}') AS currency,
    body ->> 'reason_code' AS reason_code,
    coalesce(CAST(body ->> 'date_unknown' AS boolean), false) AS date_unknown
FROM of_the_log.event
WHERE topic IN ({topics})"""

_ACTIVITY = """
CREATE VIEW of_the_log.fact_activity AS
SELECT
    position,
    occurred_at,
    stream_id AS activity_id,
    split_part(topic, '.', 2) AS kind,
    body ->> 'channel' AS channel,
    CAST(body ->> 'staff_id' AS uuid) AS staff_id,
    coalesce(body ->> 'call_status', body ->> 'to_status') AS call_status,
    coalesce(CAST(body ->> 'is_offer' AS boolean), false) AS is_offer
FROM of_the_log.event
WHERE topic IN ({topics})"""


def copy_log(url: str, spread: Spread) -> None:
    """Fill a log as long as the one behind the multiplied facts, and look at it as the fact tables."""
    values = {"month": MONTH, "copies": spread.copies, "step": spread.step, "beginning": f"'{BEGINNING.isoformat()}'"}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_FILL.format(**values).encode())
        connection.execute(_DEAL.format(topics=_topics(DEAL)).encode())
        connection.execute(_ACTIVITY.format(topics=_topics(ACTIVITY)).encode())
        connection.execute("VACUUM (ANALYZE) of_the_log.event")


def _topics(table: FactTable) -> str:
    return ", ".join(f"'{topic}'" for topic in sorted(table.topics))
