"""Clients who turned out to be others: the SQL by which every statement goes through the map of who answers for whom.

What depends on the map stands in the text of a statement twice, as it is without the map and with it (`either`). A
company that merged nobody is asked the first way, and pays for nothing; a statement that finds somebody in the map says
so, and is asked the second way from then on. The past is always asked with the map.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from read_api import views

_EITHER = re.compile("⟪(.*?)⟨⟩(.*?)⟫", re.DOTALL)

MERGED = -2
"""The position that a statement tells which was asked without the map where there is something in it."""


@dataclass
class Merges:
    """Whether it is known that clients were merged: until then nobody looks for them in the map."""

    are_known: bool = False

    def told_by(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Learn it from the answer to what was asked without the map; tell whether that has to be asked anew."""
        is_news: bool = rows[0][0] == MERGED
        self.are_known = self.are_known or is_news
        return is_news


def either(plain: str, mapped: str) -> str:
    """Return the SQL that is the one where nobody is in the map, and the other one where somebody is."""
    return f"⟪{plain}⟨⟩{mapped}⟫"


def chosen(sql: str, *, is_mapped: bool) -> str:
    """Return a statement asked with the map, or without it."""
    return _EITHER.sub(r"\2" if is_mapped else r"\1", sql)


def is_mapped(sql: str) -> bool:
    """Tell whether a statement goes through the map."""
    return _EITHER.search(sql) is not None


def answering(identity: str, reads: str = "") -> str:
    """Return the SQL of who answers for a client; `reads` names the schema of the present map where that is needed."""
    return f"""coalesce((
            SELECT who.survivor_id FROM {reads}{views.CANONICAL_MAP} AS who WHERE who.client_id = {identity}
        ), {identity})"""  # noqa: S608 - put together from constants


def everybody(identity: str, reads: str = "") -> str:
    """Return the SQL of the ids of a client who answers, and of all who turned out to be it."""
    return f"""(ARRAY(
            SELECT part.client_id FROM {reads}{views.CANONICAL_MAP} AS part WHERE part.survivor_id = {identity}
        ) || {identity})"""  # noqa: S608 - put together from constants


def answers(identity: str, reads: str = "") -> str:
    """Return the SQL of who answers for a client: the id itself where nobody is in the map."""
    return either(identity, answering(identity, reads))


def whoever(identity: str) -> str:
    """Return the SQL of the ids of a client that is named by any of them."""
    return everybody(answering(f"{identity}::uuid"))


def is_client(column: str, row: str, reads: str = "") -> str:
    """Return the condition that a column names the client of a row, or who turned out to be it."""
    return either(f"{column} = {row}", f"{column} = ANY({everybody(row, reads)})")


def is_among(client: str, column: str, found: str) -> str:
    """Return the condition that a client is named by a column of what is found, itself or who turned out to be it."""
    return either(
        f"{client} IN (SELECT {column} FROM {found})",  # noqa: S608 - put together from constants
        f"{client} IN (SELECT {answering(column)} FROM {found})",  # noqa: S608 - put together from constants
    )


def is_named(column: str, parameter: str) -> str:
    """Return the condition that a column names the client that a parameter names, as whomever."""
    return either(f"{column} = {parameter}", f"{column} = ANY({whoever(parameter)})")


def stands(alias: str) -> str:
    """Return the condition that the client of a row is one by itself, for lists in which each is once."""
    return either("true", f"{alias}.survivor_id IS NULL")
