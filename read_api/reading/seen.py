"""The conditions of SQL that every statement about clients, deals and activities carries: what a caller may see.

They stand in the text of a statement as marks. For who sees everything a mark is `true`, and the statement is what it
would be without. For the others it says whose clients, deals and activities count; about the past it asks who may see
a thing *today*, of the views as they are in `read`, and the rest of the statement tells what it was then.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from read_api import views
from read_api.reading.joined import answers, is_client
from read_api.reading.reach import STAND_IN, Sight

Kind = Literal["client", "organisation", "deal", "activity"]
"""An organisation is a client who acts for nobody: less has to be asked about one."""

GUARDED = frozenset(
    {
        views.ACTIVITIES,
        views.CLIENT_CARD,
        views.CLIENT_DATES,
        views.CLIENT_FILES,
        views.CLIENT_FIELDS,
        views.CLIENT_PERMISSIONS,
        views.CLIENT_RELATIONS,
        views.CLIENT_TAGS,
        views.CLIENT_TIMELINE,
        views.CONTACT_PERSONS,
        views.NOTES,
        views.OWNERSHIP_HISTORY,
        views.PIPELINE_BOARD,
    }
)
"""Views of which nobody is told a row that they may not see: a statement that looks into one has a mark."""

_STAND_IN = f"'{STAND_IN}'::uuid"

TEXTS = "[[texts]]"
"""Whether the caller may read what people wrote about activities and in notes."""

_MARK = re.compile(
    r"\[\[(texts|staff|client|organisation|deal|activity)(?: (row|walk|scan|nobodys|id|at) ([^\]]+))?\]\]"
)
_ROW = re.compile(r"\[\[(client|deal|activity) row ([^\]]+)\]\]")
_WALK = re.compile(r"\[\[(client|deal|activity) (?:row|walk|scan) ([^\]]+)\]\]")
_ONE = re.compile(r"\[\[(?:client|deal|activity) id %\([^\]]+\]\]")
_FLAGS = {"texts", "deals_with_clients", "activities_with_clients"}
KEYS: Mapping[str, tuple[str, str]] = {
    "client": (views.CLIENT_CARD, "client_id"),
    "organisation": (views.CLIENT_CARD, "client_id"),
    "deal": (views.PIPELINE_BOARD, "deal_id"),
    "activity": (views.ACTIVITIES, "activity_id"),
}
"""The view in which a thing of a kind has its row, and the row's key."""


def sees(kind: Kind, alias: str) -> str:
    """Return the condition that the caller may see the row of a client, deal or activity under this alias."""
    return f"[[{kind} row {alias}]]"


def sees_one(kind: str, identity: str) -> str:
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
    return f"(SELECT (%(owners)s::uuid[])[{number + 1}])"


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

    before = ""
    asked = [mark[0] for mark in _ONE.finditer(sql)]
    once = [mark for mark in dict.fromkeys(asked) if asked.count(mark) > 1]
    if once:
        columns = ", ".join(f"{_MARK.sub(looked_up, mark)} AS one_{number}" for number, mark in enumerate(once))
        before = f", once AS MATERIALIZED (SELECT {columns})"
    for number, mark in enumerate(once):
        sql = sql.replace(mark, f"(SELECT once.one_{number} FROM once)")  # noqa: S608 - constants
    return before + _MARK.sub(looked_up, sql)


def within_reach(condition: str) -> str:
    """Return a condition for rows of which it is known that the caller may see them."""
    return _WALK.sub("true", condition)


def of_nobody(condition: str) -> str:
    """Return a condition for rows of which it is known that they are nobody's."""
    return _WALK.sub(r"[[\1 nobodys \2]]", condition)


def along_a_walk(condition: str, *, by_owner: bool = False) -> str:
    """Return a condition for very many rows, most of which it may be false of.

    `by_owner`: they are walked in the order of an index that has the owner, or STAND_IN, as its last column.
    """
    return _ROW.sub(rf"[[\1 {'scan' if by_owner else 'walk'} \2]]", condition)


def looked_at(sql: str) -> tuple[str, ...]:
    """Return the views that the conditions of a statement look into."""
    kinds = {mark[1] for mark in _MARK.finditer(sql)} - {"texts", "staff"}
    return (views.CLIENT_CARD, views.CONTACT_PERSONS) if kinds else ()


@dataclass(frozen=True)
class _Asking:
    """The conditions for one way of asking; `reads` names the schema of the present views where that is needed."""

    sight: Sight
    reads: str
    way: str = "row"

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
        if way != "id" and not self.reads:
            return replace(self, way=way)._of(kind, what)
        view, key = KEYS[kind]
        identity, alias = what if way == "id" else f"{what}.{key}", f"seen_{kind}"
        if key == "client_id":
            identity = answers(identity if way != "id" else f"{identity}::uuid", self.reads)
        return f"""EXISTS (
            SELECT FROM {self.reads}{view} AS {alias} WHERE {alias}.{key} = {identity} AND {self._of(kind, alias)}
        )"""

    def _of(self, kind: str, alias: str) -> str:
        conditions = {
            "client": self._client,
            "organisation": self._organisation,
            "deal": self._deal,
            "activity": self._activity,
        }
        return conditions[kind](alias)

    def _among(self, column: str, kind: str, operator: str = "= ANY({})") -> str:
        """Return the condition that a column is, or has, one of the people whose things of a kind are seen."""
        people = "clients" if self.sight is Sight.EVEN else kind
        if self.way != "row" and "ANY" in operator:
            # Hashed once, where each of many rows would be compared with each of many people.
            is_one = f"{column} IN (SELECT unnest(%(sees_{people})s::uuid[]))"
        else:
            is_one = f"{column} {operator.format(_mine(people) + '::uuid[]')}"
        return is_one if self.sight is Sight.EVEN else f"({_mine(kind)} IS NULL OR {is_one})"

    def _client(self, alias: str, kind: str = "clients") -> str:
        """A client is seen by whose reach the owner is in; a contact person who is nobody's as an organisation is."""
        owner_id = f"{alias}.owner_id"
        is_nobodys = f"{self._is_nobodys(alias, kind)} AND {self._acts(alias, kind)}"
        if self.way == "nobodys" and self.sight is Sight.EVEN:
            return self._acts(alias, kind)
        if self.way == "scan" and self.sight is Sight.EVEN:
            # The same in words of which PostgreSQL finds the first in the index, without a look at the row.
            people = f"{_mine('clients_and_nobodys')}::uuid[]"
            return f"coalesce({owner_id}, {_STAND_IN}) = ANY({people}) AND ({owner_id} <> {_STAND_IN} OR {is_nobodys})"
        return f"({self._among(owner_id, kind)} OR ({is_nobodys}))"

    def _organisation(self, alias: str) -> str:
        """An organisation acts for nobody."""
        return f"({self._among(f'{alias}.owner_id', 'clients')} OR ({self._is_nobodys(alias, 'clients')}))"

    def _is_nobodys(self, alias: str, kind: str) -> str:
        """Return the condition that a client is nobody's, and the caller sees anybody's."""
        is_nobodys = f"{alias}.owner_id IS NULL"
        return is_nobodys if self.sight is Sight.EVEN else f"{is_nobodys} AND cardinality({_mine(kind)}) > 0"

    def _acts(self, alias: str, kind: str) -> str:
        """Return the condition that the caller sees one of the owned organisations that somebody acts for, if any."""
        return f"""(
            SELECT coalesce(bool_or({replace(self, way="row")._among("org.owner_id", kind)}), true)
            FROM {self.reads}{views.CONTACT_PERSONS} AS acts
            JOIN {self.reads}{views.CLIENT_CARD} AS org
                ON org.client_id = {answers("acts.organisation_id", self.reads)}
            WHERE {is_client("acts.person_id", f"{alias}.client_id", self.reads)} AND acts.is_active
                AND org.owner_id IS NOT NULL
        )"""  # noqa: S608 - constants

    def _with_client(self, condition: str, kind: str) -> str:
        """Return the condition that a client whom a condition names is seen."""
        return f"""EXISTS (
            SELECT FROM {self.reads}{views.CLIENT_CARD} AS its WHERE {condition} AND {self._client("its", kind)}
        )"""

    def _deal(self, alias: str) -> str:
        is_with = self._with_client(f"its.client_id = {answers(f'{alias}.client_id', self.reads)}", "deals")
        return f"({self._among(f'{alias}.seller_id', 'deals')} OR {is_with})"

    def _activity(self, alias: str) -> str:
        its = (answers(f"{alias}.{each}", self.reads) for each in ("client_id", "contact_id"))
        is_with = self._with_client(f"its.client_id IN ({', '.join(its)})", "activities")
        takes_part = self._among(f"{alias}.participant_staff_ids", "activities", "&& {}")
        return f"({self._among(f'{alias}.staff_id', 'activities')} OR {takes_part} OR {is_with})"


def _mine(what: str) -> str:
    """Return the SQL of what a caller may see.

    Of bare parameters PostgreSQL would plan each question anew, which takes ten times as long as to answer it: in a
    query of their own it does not look at them, and one plan does for all callers.
    """
    return f"(SELECT %(sees_{what})s::{'boolean' if what in _FLAGS else 'uuid[]'})"
