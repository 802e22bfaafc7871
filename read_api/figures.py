"""What a staff member did between two moments, in SQL: the one place of the figures that counters and plans show.

What each figure means: docs/figures.md. `staff`, `begin` and `end` are SQL: parameters, or columns of what stands
before.
"""

from read_api import views
from read_api.activities import CONTACT

VIEWS = (views.ACTIVITIES, views.PIPELINE_BOARD, views.OWNERSHIP_HISTORY)
"""Where the figures are counted."""


def _within(moment: str, begin: str, end: str) -> str:
    return f"{moment} >= {begin} AND {moment} < {end}"


def contacts_of(staff: str, begin: str, end: str) -> str:
    """Return the SELECT of contacts, meetings, calls and offers: one row."""
    return f"""
            SELECT
                count(*) AS contacts,
                count(*) FILTER (WHERE a.channel = 'meeting') AS meetings,
                count(*) FILTER (WHERE a.channel = 'call') AS calls,
                count(*) FILTER (WHERE a.is_offer) AS offers
            FROM {views.ACTIVITIES} AS a
            WHERE a.staff_id = {staff} AND {_within("a.takes_place_at", begin, end)} AND {CONTACT}"""  # noqa: S608


def openings_of(staff: str, begin: str, end: str) -> str:
    """Return the SELECT of deals_opened: one row."""
    return f"""
            SELECT count(*) AS deals_opened
            FROM {views.PIPELINE_BOARD} AS d
            WHERE d.opened_by = {staff} AND {_within("d.opened_at", begin, end)}"""  # noqa: S608


def _ended(staff: str, begin: str, end: str) -> str:
    """Return the condition of the deals whose end somebody is credited with."""
    return f"d.seller_id = {staff} AND {_within('d.closed_at', begin, end)} AND d.status <> 'open'"


def endings_of(staff: str, begin: str, end: str) -> str:
    """Return the SELECT of deals_won and deals_lost: one row."""
    return f"""
            SELECT
                count(*) FILTER (WHERE d.status = 'won') AS deals_won,
                count(*) FILTER (WHERE d.status = 'lost') AS deals_lost
            FROM {views.PIPELINE_BOARD} AS d
            WHERE {_ended(staff, begin, end)}"""  # noqa: S608


def sums_won_of(staff: str, begin: str, end: str) -> str:
    """Return the SELECT of what was won: a row (currency, amount) for each currency."""
    return f"""
            SELECT d.won_currency AS currency, sum(d.won_amount) AS amount
            FROM {views.PIPELINE_BOARD} AS d
            WHERE {_ended(staff, begin, end)} AND d.status = 'won'
            GROUP BY d.won_currency"""  # noqa: S608


def claims_of(staff: str, begin: str, end: str) -> str:
    """Return the SELECT of clients_claimed: one row."""
    return f"""
            SELECT count(*) AS clients_claimed
            FROM {views.OWNERSHIP_HISTORY} AS w
            WHERE w.to_owner_id = {staff} AND w.from_owner_id IS NULL AND w.cause <> 'merge'
                AND {_within("w.occurred_at", begin, end)}"""  # noqa: S608
