"""The SQL that lays records out for comparison: how frequent each value is, and which pairs are worth a comparison.

It goes column by column and key by key: what all of them need at once would be several times the records.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from infra.linkage.columns import Column, Kind
from infra.linkage.model import sql_name, with_frequencies

MOST = 50
"""So many records with one key are all compared with each other; a key that more have tells nothing."""

RAREST = 0.05
"""What nobody else says counts as if a twentieth of one record said it."""

LISTED = frozenset({Kind.NAME, Kind.SET})


def table_of(columns: Sequence[Column]) -> str:
    """Return the SQL that makes the table of the records as they come."""
    fields = ["n INTEGER", "id VARCHAR"]
    for number, column in enumerate(columns):
        c = sql_name(number)
        fields.append(f"{c} VARCHAR")
        fields += [f"{c}_parts VARCHAR[]"] if column.kind in LISTED else []
        fields += [f"{c}_forms VARCHAR[]"] if column.kind is Kind.NAME else []
    return f"CREATE TABLE raw ({', '.join(fields)})"


def weighed(columns: Sequence[Column], records: int) -> Iterator[str]:
    """Yield the SQL that makes the table `records` of `raw`, with how frequent what each of them says is.

    Two that agree in a value are not among the others who have it. Of a name the words are counted as well, as if
    each came by itself; and nothing is rarer than RAREST.
    """
    joins, fields = [], ["raw.*"]
    for c, column in with_frequencies(columns):
        joins.append(f"LEFT JOIN of_{c} ON of_{c}.n = raw.n")
        fields.append(f"of_{c}.share AS tf_{c}")
        whole = f"""SELECT raw.n, {_share("held.number", records)} AS share
FROM raw
JOIN (SELECT {c} AS value, count(*) AS number FROM raw GROUP BY {c}) AS held ON held.value = raw.{c}"""  # noqa: S608 - ours
        if column.kind in LISTED:
            yield f"CREATE TABLE part AS SELECT n, unnest({c}_parts) AS value FROM raw"  # noqa: S608 - ours
            combined = "product" if column.kind is Kind.NAME else "max"
            parts = f"""SELECT part.n, {combined}({_share("held.number", records)}) AS share
FROM part
JOIN (SELECT value, count(*) AS number FROM part GROUP BY value) AS held ON held.value = part.value
GROUP BY part.n"""  # noqa: S608 - ours
            least = f"greatest({RAREST} / {records}::DOUBLE, parts.share)"
            if column.kind is Kind.NAME:
                # A whole name may be more frequent than its words by themselves make it; one of initials has no words.
                parts = f"""SELECT whole.n, greatest(whole.share, coalesce({least}, 1)) AS share
FROM ({whole}) AS whole
LEFT JOIN ({parts}) AS parts ON parts.n = whole.n"""  # noqa: S608 - ours
            yield f"CREATE TABLE of_{c} AS {parts}"
            yield "DROP TABLE part"
        else:
            yield f"CREATE TABLE of_{c} AS {whole}"
    yield f"CREATE TABLE records AS SELECT {', '.join(fields)} FROM raw {' '.join(joins)}"  # noqa: S608 - ours
    yield "DROP TABLE raw"
    for c, _ in with_frequencies(columns):
        yield f"DROP TABLE of_{c}"


def _share(count: str, records: int) -> str:
    return f"greatest({count} - 2, {RAREST}) / {records}::DOUBLE"


class _Key(NamedTuple):
    """What records may have in common: the SQL of it and of whether it is told. A strong one tells who it is."""

    value: str
    is_told: str
    is_strong: bool = False


def pairs_of(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the SQL that makes the table `pairs`: who has a key in common with another is compared with it.

    Of a strong key that very many have, those are compared who stand together by name.
    """
    by = next((sql_name(number) for number, column in enumerate(columns) if column.kind is Kind.NAME), "n")
    yield "CREATE TABLE met (join_key_l INTEGER, join_key_r INTEGER)"
    for key in _keys(columns):
        yield f"CREATE TABLE held AS SELECT DISTINCT n, hash({key.value}) AS key FROM records WHERE {key.is_told}"  # noqa: S608
        heaps = f"""
    UNION ALL
    SELECT held.n, held.key, 1 + row_number() OVER (PARTITION BY held.key ORDER BY r.{by}, held.n) // {MOST}
    FROM held
    JOIN counted ON counted.key = held.key AND counted.holders > {MOST}
    JOIN records AS r ON r.n = held.n"""  # noqa: S608 - ours
        yield f"""
INSERT INTO met
WITH counted AS (
    SELECT key, count(*) AS holders FROM held GROUP BY key HAVING count(*) > 1
), told AS (
    SELECT held.n, held.key, 0 AS heap
    FROM held
    JOIN counted ON counted.key = held.key AND counted.holders <= {MOST}{heaps if key.is_strong else ""}
)
SELECT l.n, r.n
FROM told AS l
JOIN told AS r ON r.key = l.key AND r.heap = l.heap AND l.n < r.n"""  # noqa: S608 - ours
        yield "DROP TABLE held"
    yield "CREATE TABLE pairs AS SELECT DISTINCT join_key_l, join_key_r, '0' AS match_key FROM met"
    yield "DROP TABLE met"


def _keys(columns: Sequence[Column]) -> Iterator[_Key]:
    parts: list[tuple[_Key, bool]] = []
    for number, column in enumerate(columns):
        c = sql_name(number)
        one = f"unnest({c}_parts)" if column.kind in LISTED else c
        told = f"{c} IS NOT NULL"
        if column.kind is not Kind.SET:
            parts.append((_Key(f"{number}, {one}", told), column.kind is Kind.CATEGORY))
        if column.kind is Kind.CATEGORY:
            continue
        yield _Key(f"{number}, {one}", told, is_strong=column.kind is Kind.SET)
        if column.kind is Kind.NAME:
            yield _Key(f"'whole', {number}, {c}", told, is_strong=True)
            yield _Key(f"'form', {number}, unnest({c}_forms)", told)
    for (one_key, is_vague), (other, is_vague_too) in combinations(parts, 2):
        if not (is_vague and is_vague_too):
            yield _Key(f"{one_key.value}, {other.value}", f"{one_key.is_told} AND {other.is_told}")
