"""The conditions of SQL that every statement about clients, deals and activities carries: what a caller may see.

They stand in the text of a statement as marks. For who sees everything a mark is `true`, and the statement is what it
would be without. For the others it says whose clients, deals and activities count; about the past it asks who may see
a thing *today*, of the views as they are in `read`, and the rest of the statement tells what it was then.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from read_api import views
from read_api.reading.reach import Sight

Kind = Literal["client", "deal", "activity"]

GUARDED = frozenset(
    {
        views.ACTIVITIES,
        views.CLIENT_CARD,
        views.CLIENT_TIMELINE,
        views.CONTACT_PERSONS,
        views.NOTES,
        views.OWNERSHIP_HISTORY,
        views.PIPELINE_BOARD,
    }
)
"""Views of which nobody is told a row that they may not see: a statement that looks into one has a mark."""

TEXTS = "[[texts]]"
"""Whether the caller may read what people wrote about activities and in notes."""

_MARK = re.compile(r"\[\[(texts|staff|client|deal|activity)(?: (row|walk|id|at) ([^\]]+))?\]\]")
_ROW = re.compile(r"\[\[(client|deal|activity) row ([^\]]+)\]\]")
_WALK = re.compile(r"\[\[(?:client|deal|activity) (?:row|walk) [^\]]+\]\]")
_ONE = re.compile(r"\[\[(?:client|deal|activity) id %\([^\]]+\]\]")
_KEYS = {
    "client": (views.CLIENT_CARD, "client_id"),
    "deal": (views.PIPELINE_BOARD, "deal_id"),
    "activity": (views.ACTIVITIES, "activity_id"),
}


def sees(kind: Kind, alias: str) -> str:
    """Return the condition that the caller may see the row of a client, deal or activity under this alias."""
    return f"[[{kind} row {alias}]]"


def sees_one(kind: Kind, identity: str) -> str:
    """Return the condition that the caller may see the client, deal or activity of this id."""
    return f"[[{kind} id {identity}]]"


def counts_at_client(kind: Literal["deal", "activity"], alias: str) -> str:
    """Return the condition that a deal or activity counts in the figures of a client whom the caller may see."""
    return f"[[{kind} at {alias}]]"


def sees_figures_of(staff: str) -> str:
    """Return the condition that the caller may see the figures of the staff member of this id."""
    return f"[[staff id {staff}]]"


def text(column: str) -> str:
    """Return the SQL of what people wrote, which is empty for who may not read it."""
    return f"CASE WHEN {TEXTS} THEN {column} END"


def owner(number: int) -> str:
    """Return the SQL of one of the owners that rows are looked up by, counted from 0."""
    return _mine(f"owners[{number + 1}]")


def _mine_of(sql: str, sight: Sight) -> str:
    """Return what a caller may see as a common table expression.

    Of parameters PostgreSQL would plan each question anew, which takes ten times as long as to answer it: here it
    cannot see what they are, and one plan does for all callers.
    """
    columns = ["%(sees_clients)s::uuid[] AS clients"]
    if sight is Sight.UNEVEN:
        columns += [
            "%(sees_deals)s::uuid[] AS deals",
            "%(sees_activities)s::uuid[] AS activities",
            "%(sees_texts)s::boolean AS texts",
            "%(deals_with_clients)s::boolean AS deals_with_clients",
            "%(activities_with_clients)s::boolean AS activities_with_clients",
        ]
    if owner(0) in sql:
        columns.append("%(owners)s::uuid[] AS owners")
    return f"mine AS MATERIALIZED (SELECT {', '.join(columns)})"


def is_marked(sql: str) -> bool:
    """Tell whether a statement keeps anything from anybody."""
    return _MARK.search(sql) is not None


def expanded(sql: str, sight: Sight, *, is_past: bool = False) -> str:
    """Return a statement with its marks in SQL, after the common table expressions that these need.

    What it asks more than once about one thing is looked at once.
    """
    if sight is Sight.WHOLE:
        return _MARK.sub("true", sql)
    asking = _Asking(sight, "read." if is_past else "")

    def looked_up(mark: re.Match[str]) -> str:
        return asking.condition(*mark.groups())

    before = [_mine_of(sql, sight)]
    asked = [mark[0] for mark in _ONE.finditer(sql)]
    once = [mark for mark in dict.fromkeys(asked) if asked.count(mark) > 1]
    if once:
        columns = ", ".join(f"{_MARK.sub(looked_up, mark)} AS one_{number}" for number, mark in enumerate(once))
        before.append(f"once AS MATERIALIZED (SELECT {columns})")
    for number, mark in enumerate(once):
        sql = sql.replace(mark, f"(SELECT once.one_{number} FROM once)")  # noqa: S608 - constants
    return f", {', '.join(before)}{_MARK.sub(looked_up, sql)}"


def within_reach(condition: str) -> str:
    """Return a condition for rows of which it is known that the caller may see them."""
    return _WALK.sub("true", condition)


def along_a_walk(condition: str) -> str:
    """Return a condition for very many rows, most of which it may be false of."""
    return _ROW.sub(r"[[\1 walk \2]]", condition)


def looked_at(sql: str) -> tuple[str, ...]:
    """Return the views that the conditions of a statement look into."""
    kinds = {mark[1] for mark in _MARK.finditer(sql)} - {"texts", "staff"}
    return (views.CLIENT_CARD, views.CONTACT_PERSONS) if kinds else ()


@dataclass(frozen=True)
class _Asking:
    """The conditions for one way of asking; `reads` names the schema of the present views where that is needed."""

    sight: Sight
    reads: str
    is_walk: bool = False

    def condition(self, kind: str, way: str, what: str) -> str:
        is_even = self.sight is Sight.EVEN
        if kind == "texts":
            return "true" if is_even else _mine("texts")
        if kind == "staff":
            return self._among(what, "activities")
        if way == "at":
            # Who sees a client sees all that is done with them, unless of that kind they see less.
            if is_even:
                return "true"
            whole = _mine(f"{'deals' if kind == 'deal' else 'activities'}_with_clients")
            return f"({whole} OR {self.condition(kind, 'row', what)})"
        if way in {"row", "walk"} and not self.reads:
            return replace(self, is_walk=way == "walk")._of(kind, what)
        view, key = _KEYS[kind]
        identity, alias = what if way == "id" else f"{what}.{key}", f"seen_{kind}"
        return f"""EXISTS (
            SELECT FROM {self.reads}{view} AS {alias} WHERE {alias}.{key} = {identity} AND {self._of(kind, alias)}
        )"""

    def _of(self, kind: str, alias: str) -> str:
        return {"client": self._client, "deal": self._deal, "activity": self._activity}[kind](alias)

    def _among(self, column: str, kind: str, operator: str = "= ANY({})") -> str:
        """Return the condition that a column is, or has, one of the people whose things of a kind are seen."""
        people = "clients" if self.sight is Sight.EVEN else kind
        if self.is_walk and "ANY" in operator:
            # Hashed once, where each of many rows would be compared with each of many people.
            is_one = f"{column} IN (SELECT unnest(mine.{people}) FROM mine)"  # noqa: S608 - constants
        else:
            is_one = f"{column} {operator.format(_mine(people) + '::uuid[]')}"
        return is_one if self.sight is Sight.EVEN else f"({_mine(kind)} IS NULL OR {is_one})"

    def _client(self, alias: str, kind: str = "clients") -> str:
        """A client is seen by whose reach the owner is in; a contact person who is nobody's as an organisation is."""
        acts = f"""(
            SELECT coalesce(bool_or({self._among("org.owner_id", kind)}), true)
            FROM {self.reads}{views.CONTACT_PERSONS} AS acts
            JOIN {self.reads}{views.CLIENT_CARD} AS org ON org.client_id = acts.organisation_id
            WHERE acts.person_id = {alias}.client_id AND acts.is_active AND org.owner_id IS NOT NULL
        )"""  # noqa: S608 - constants
        is_nobodys = f"{alias}.owner_id IS NULL"
        if self.sight is Sight.UNEVEN:
            is_nobodys += f" AND cardinality({_mine(kind)}) > 0"
        return f"({self._among(f'{alias}.owner_id', kind)} OR ({is_nobodys} AND {acts}))"

    def _with_client(self, condition: str, kind: str) -> str:
        """Return the condition that a client whom a condition names is seen."""
        return f"""EXISTS (
            SELECT FROM {self.reads}{views.CLIENT_CARD} AS its WHERE {condition} AND {self._client("its", kind)}
        )"""

    def _deal(self, alias: str) -> str:
        is_with = self._with_client(f"its.client_id = {alias}.client_id", "deals")
        return f"({self._among(f'{alias}.seller_id', 'deals')} OR {is_with})"

    def _activity(self, alias: str) -> str:
        is_with = self._with_client(f"its.client_id IN ({alias}.client_id, {alias}.contact_id)", "activities")
        takes_part = self._among(f"{alias}.participant_staff_ids", "activities", "&& {}")
        return f"({self._among(f'{alias}.staff_id', 'activities')} OR {takes_part} OR {is_with})"


def _mine(column: str) -> str:
    return f"(SELECT mine.{column} FROM mine)"  # noqa: S608 - constants
