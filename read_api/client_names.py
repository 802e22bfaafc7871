"""How clients are looked for by name: the ways in which a name is what was typed, the best first."""

from infra.names.search import Found
from read_api.reading.page_rows import Rank


def query(number: int) -> str:
    """Return the SQL of one of the queries of a text (infra.names.search), counted from 0."""
    return f"(%(q)s::text[])[{number + 1}]::tsquery"


def looked_for(number: int) -> str:
    return f"c.name_terms @@ {query(number)}"


def passes(number: int) -> str:
    """Return the condition that a name passes a query, for rows that are found already: no index serves it."""
    return f"ts_match_vq(c.name_terms, {query(number)})"


EVERY, _START = len(Found), f"(%(q)s::text[])[{len(Found) + 2}]"
"""The query of all ways, and where the text stands that names begin with."""

RANKS = (
    Rank(looked_for(Found.NAME)),
    Rank(
        f"c.name_sort >= {_START} AND c.name_sort < {_START} || chr(1114111) AND {passes(Found.START)}",
        but=passes(Found.NAME),
        in_order=True,
    ),
    Rank(looked_for(Found.WORDS), but=f"{passes(Found.NAME)} OR starts_with(c.name_sort, {_START})"),
    Rank(looked_for(Found.BEGINNINGS), but=f"{passes(Found.WORDS)} OR starts_with(c.name_sort, {_START})"),
    Rank(looked_for(Found.ALIKE), most=1_000, but=passes(Found.BEGINNINGS), better=passes(Found.INSIDE)),
)
