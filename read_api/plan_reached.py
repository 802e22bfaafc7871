"""What was reached of plans, in SQL: the answers, and the statement that gives them for plans chosen by a condition.

Whoever works in a unit counts towards its plan while they are there, by when a thing happened; before the first place
that is known of somebody that one counts.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from infra.amounts import postgres_text
from read_api import figures, views
from read_api.lists import Metric
from read_api.plans import OF_THE_COMPANY, SEES_PLAN, Plan, named, targets_of
from read_api.reading.answer import Answer, Sql, Sum, json_of, list_of, sums_of
from read_api.reading.statement import Statement


def _written(value: str, currency: str) -> str:
    """Return the SQL of a number as text: of a sum as amounts are written, else with what decimals it needs."""
    return f"CASE WHEN {currency} IS NULL THEN trim_scale({value})::text ELSE {postgres_text(value, currency)} END"


def _number(value: str) -> Sql:
    return Sql(_written(value, "{row}.currency"))


# What would be reached at the pace of the days so far; a tenth is enough of a guess, and of money a whole number.
_DIGITS = "CASE WHEN {row}.currency IS NULL THEN 1 ELSE 0 END"
_AT_THIS_PACE = f"round({{row}}.done * {{row}}.days / nullif({{row}}.days_gone, 0), {_DIGITS})"
_BY_NOW = f"round({{row}}.target * {{row}}.days_gone / nullif({{row}}.days, 0), {_DIGITS})"


class Reached(Answer):
    """What was reached of one target: so much is `done` and so much `left`; `percent` is rounded down.

    `expected` is what should have been done by the end of today at an even pace of working days, `forecast` what will
    have been done by the end of the period at the pace so far. Of a plan whose period was closed, `at_close` is what
    was known at that moment, and `since_close` what was corrected since.
    """

    metric: Metric
    currency: str | None
    target: Annotated[str, _number("{row}.target")]
    done: Annotated[str, _number("{row}.done")]
    left: Annotated[str, _number("greatest({row}.target - {row}.done, 0)")]
    percent: Annotated[int | None, Sql("floor(100 * {row}.done / nullif({row}.target, 0))::bigint")]
    expected: Annotated[str | None, _number(_BY_NOW)]
    forecast: Annotated[str | None, _number(_AT_THIS_PACE)]
    at_close: Annotated[str | None, Sql("NULL::text")] = None
    since_close: Annotated[str | None, Sql("NULL::text")] = None


class Done(Answer):
    """What one of the staff did towards one target of a unit's plan."""

    metric: Metric
    currency: str | None
    done: Annotated[str, _number("{row}.done")]


class Member(Answer):
    """Whoever did something towards the plan of a unit, or of the company, while they were there."""

    staff_id: UUID
    name: Annotated[str | None, named("staff_id", views.STAFF_DIRECTORY, "staff_id")]
    reached: list[Done]


class Progress(Answer):
    """A plan with what was reached (docs/figures.md), as of `today`: `days_gone` of its `days` are over, or it is now.

    Both are working days, Monday to Friday. `beside` is what was won in currencies of which the plan has no target:
    it counts towards none. `staff` are those who did it, most of the first target first; empty unless asked for.
    """

    plan: Plan
    today: date
    days: int
    days_gone: int
    reached: list[Reached]
    beside: list[Sum]
    staff: list[Member]


_PERIOD = ("u.staff_id", "u.begins_at", "u.ends_at")


def _asks(*metrics: str) -> str:
    """Return the condition that a plan has a target of one of these metrics."""
    is_one = " || ".join(f'@.metric == "{metric}"' for metric in metrics)
    return f"p.targets @? '$.* ? ({is_one})'"


def _counted(select: str, *metrics: str) -> str:
    """Return a SELECT of (metric, currency, done) of what another has in columns of these names."""
    rows = ", ".join(f"('{metric}', one.{metric})" for metric in metrics)
    return f"""
        SELECT each.metric, NULL::text AS currency, each.done::numeric
        FROM ({select}) AS one
        CROSS JOIN LATERAL (VALUES {rows}) AS each (metric, done)"""  # noqa: S608 - constants


_DAYS = "(SELECT count(*) FROM generate_series({begin}, {end}, interval '1 day') AS d WHERE extract(isodow FROM d) < 6)"
_ALL_DAYS = _DAYS.format(begin="p.begins_on", end="p.ends_on")
_DAYS_GONE = _DAYS.format(begin="p.begins_on", end="least(p.ends_on, %(today)s::date)")

_BEFORE = f"""
, plan AS MATERIALIZED (
    SELECT
        p.*,
        p.begins_on::timestamp AT TIME ZONE %(zone)s AS begins_at,
        (p.ends_on + 1)::timestamp AT TIME ZONE %(zone)s AS ends_at,
        {OF_THE_COMPANY} AS is_of_all,
        {_ALL_DAYS} AS days,
        {_DAYS_GONE} AS days_gone,
        {_asks("contacts", "meetings", "calls", "offers")} AS asks_contacts,
        {_asks("deals_opened")} AS asks_openings,
        {_asks("deals_won", "sum_won")} AS asks_endings,
        {_asks("clients_claimed")} AS asks_claims
    FROM {views.PLANS} AS p
    WHERE {{chosen}} AND p.agreed_at IS NOT NULL AND {SEES_PLAN}
), place AS (
    SELECT
        w.staff_id,
        w.team_id,
        w.branch_id,
        CASE WHEN row_number() OVER its = 1 THEN '-infinity' ELSE w.since END AS since,
        coalesce(lead(w.since) OVER its, 'infinity') AS until
    FROM {views.STAFF_PLACES} AS w
    WHERE w.staff_id IN (
        SELECT e.staff_id
        FROM {views.STAFF_PLACES} AS e
        JOIN plan AS p ON e.team_id = p.team_id OR e.branch_id = p.branch_id
    )
    WINDOW its AS (PARTITION BY w.staff_id ORDER BY w.since, w.event_position)
), worked AS MATERIALIZED (
    SELECT p.*, p.staff_id AS worker_id, p.begins_at AS since, p.ends_at AS until
    FROM plan AS p
    WHERE p.staff_id IS NOT NULL
    UNION ALL
    SELECT p.*, l.staff_id, greatest(l.since, p.begins_at), least(l.until, p.ends_at)
    FROM plan AS p
    JOIN place AS l ON l.team_id = p.team_id OR l.branch_id = p.branch_id
    WHERE l.since < p.ends_at AND l.until > p.begins_at AND l.since < l.until
    UNION ALL
    SELECT p.*, s.staff_id, p.begins_at, p.ends_at
    FROM plan AS p
    CROSS JOIN {views.STAFF_DIRECTORY} AS s
    WHERE p.is_of_all
), did AS MATERIALIZED (
    SELECT of.plan_id, of.worker_id, one.metric, one.currency, sum(one.done) AS done
    FROM worked AS of
    CROSS JOIN LATERAL (
        SELECT of.worker_id AS staff_id, of.since AS begins_at, of.until AS ends_at
    ) AS u
    CROSS JOIN LATERAL ({{figures}}
    ) AS one
    GROUP BY of.plan_id, of.worker_id, one.metric, one.currency
    HAVING sum(one.done) > 0
)"""  # noqa: S608 - put together from constants

_FIGURES = "\n        UNION ALL".join(
    f"{select}\n        WHERE of.asks_{kind}"
    for kind, select in (
        ("contacts", _counted(figures.contacts_of(*_PERIOD), "contacts", "meetings", "calls", "offers")),
        ("openings", _counted(figures.openings_of(*_PERIOD), "deals_opened")),
        ("endings", _counted(figures.endings_of(*_PERIOD), "deals_won")),
        (
            "endings",
            # Each currency by itself.
            f"\n        SELECT 'sum_won', one.currency, one.amount FROM ({figures.sums_won_of(*_PERIOD)}) AS one",  # noqa: S608
        ),
        ("claims", _counted(figures.claims_of(*_PERIOD), "clients_claimed")),
    )
)

_TARGETS_OF = targets_of("p")
_REACHED = list_of(
    json_of(Reached, "r"),
    f"""(
        SELECT g.metric, g.currency, g.target::numeric, g."order", p.days, p.days_gone, coalesce((
            SELECT sum(d.done) FROM did AS d
            WHERE d.plan_id = p.plan_id AND d.metric = g.metric AND d.currency IS NOT DISTINCT FROM g.currency
        ), 0) AS done
        FROM {_TARGETS_OF}
    ) AS r""",  # noqa: S608 - constants
    order='r."order"',
)
_BESIDE = f"""(
    SELECT {sums_of("t")}
    FROM (
        SELECT d.currency, sum(d.done) AS amount
        FROM did AS d
        WHERE d.plan_id = p.plan_id AND d.metric = 'sum_won' AND NOT EXISTS (
            SELECT FROM {_TARGETS_OF} WHERE g.metric = 'sum_won' AND g.currency = d.currency
        )
        GROUP BY d.currency
    ) AS t
)"""  # noqa: S608 - constants
_DONE = list_of(
    json_of(Done, "d"),
    f"""did AS d
        CROSS JOIN LATERAL {_TARGETS_OF}
        WHERE g.metric = d.metric AND g.currency IS NOT DISTINCT FROM d.currency
            AND d.plan_id = p.plan_id AND d.worker_id = w.staff_id""",
    order='g."order"',
)
_STAFF = list_of(
    json_of(Member, "w", reached=_DONE),
    f"""(
        SELECT d.worker_id AS staff_id, max(d.done) FILTER (WHERE d.metric = first.metric) AS most
        FROM did AS d
        CROSS JOIN LATERAL (SELECT g.metric FROM {_TARGETS_OF} ORDER BY g."order" LIMIT 1) AS first
        WHERE d.plan_id = p.plan_id AND %(by_staff)s
        GROUP BY d.worker_id
    ) AS w""",  # noqa: S608 - constants
    order="w.most DESC NULLS LAST, w.staff_id",
)
_TOLD = f"""json_build_object(
        'plan', {json_of(Plan, "p")},
        'today', %(today)s::date,
        'days', p.days,
        'days_gone', p.days_gone,
        'reached', {_REACHED},
        'beside', {_BESIDE},
        'staff', {_STAFF}
    )"""


def progress_of(chosen: str) -> Statement:
    """Return what gives the plans chosen by a condition with what was reached of each, and where each was closed."""
    before = _BEFORE.format(chosen=chosen, figures=_FIGURES)
    return Statement(
        f"""{before}
SELECT seen.*, (
    SELECT coalesce(json_agg({_TOLD} ORDER BY p.ends_on, p.is_of_all, p.staff_id IS NULL, p.plan_id), '[]')::text
    FROM plan AS p
), (SELECT max(p.closed_position) FROM plan AS p)
FROM seen""",  # noqa: S608 - put together from constants
        (views.PLANS, views.STAFF_PLACES, views.STAFF_DIRECTORY, views.UNITS, *figures.VIEWS),
    )
