"""The SQL that lays records out for comparison: how frequent each value is, and which pairs are worth a comparison."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from infra.linkage.columns import Column, Kind
from infra.linkage.model import sql_name

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


def weighed(columns: Sequence[Column], records: int) -> str:
    """Return the SQL that makes the table of the records, with how frequent what each of them says is.

    Two that agree in a value are not among the others who have it. Of a name the words are counted as well, as if
    each came by itself; and nothing is rarer than what a twentieth of one record has.
    """
    joins, fields = [], ["raw.*"]
    for number, column in enumerate(columns):
        c = sql_name(number)
        others = _share(f"count(*) OVER (PARTITION BY {c})", records)
        if column.kind is Kind.CATEGORY:
            continue
        if column.kind in LISTED:
            joins.append(_of_parts(c, "product" if column.kind is Kind.NAME else "max", records))
            least = f"greatest({RAREST} / {records}, coalesce(of_{c}.share, 1))"
            # A whole name may be more frequent than its words by themselves make it.
            same = f"(count(*) OVER (PARTITION BY {c}) - 2) / {records}"
            fields.append(f"greatest({least}, {same}) AS tf_{c}" if column.kind is Kind.NAME else f"{least} AS tf_{c}")
        else:
            fields.append(f"{others} AS tf_{c}")
    return f"CREATE TABLE records AS SELECT {', '.join(fields)} FROM raw {' '.join(joins)}"  # noqa: S608 - ours


def _of_parts(c: str, combined: str, records: int) -> str:
    share = _share("count(*) OVER (PARTITION BY part)", records)
    return f"""LEFT JOIN (
    SELECT n, {combined}(share) AS share
    FROM (SELECT n, {share} AS share FROM (SELECT n, unnest({c}_parts) AS part FROM raw))
    GROUP BY n
) AS of_{c} ON of_{c}.n = raw.n"""  # noqa: S608 - ours


def _share(count: str, records: int) -> str:
    return f"greatest({count} - 2, {RAREST}) / {records}::DOUBLE"


def keys_of(columns: Sequence[Column]) -> str:
    """Return the SQL that makes the keys: who has one in common with another is compared with it."""
    rows = [f"SELECT n, hash({tag}) AS key, {strong} AS is_strong, {by} AS place FROM raw WHERE {told}"  # noqa: S608 - ours
            for tag, strong, by, told in _keys(columns)]  # fmt: skip
    return f"CREATE TABLE keys AS SELECT DISTINCT n, key, is_strong, place FROM ({' UNION ALL '.join(rows)})"  # noqa: S608


def _keys(columns: Sequence[Column]) -> Iterator[tuple[str, bool, str, str]]:
    parts: list[tuple[str, str, bool]] = []
    by = next((sql_name(number) for number, column in enumerate(columns) if column.kind is Kind.NAME), "''")
    for number, column in enumerate(columns):
        c, is_list = sql_name(number), column.kind in LISTED
        one = f"unnest({c}_parts)" if is_list else c
        told = f"{c} IS NOT NULL"
        if column.kind is not Kind.SET:
            parts.append((f"{number}, {one}", told, column.kind is Kind.CATEGORY))
        if column.kind is Kind.CATEGORY:
            continue
        yield f"{number}, {one}", column.kind is Kind.SET, by, told
        if column.kind is Kind.NAME:
            yield f"'whole', {number}, {c}", True, by, told
            yield f"'form', {number}, unnest({c}_forms)", False, by, told
    for (one, told, is_vague), (other, also, is_vague_too) in combinations(parts, 2):
        if not (is_vague and is_vague_too):
            yield f"{one}, {other}", False, by, f"{told} AND {also}"


PAIRS = f"""
CREATE TABLE pairs AS
WITH counted AS (
    SELECT key, count(*) AS holders, bool_or(is_strong) AS is_strong
    FROM keys
    GROUP BY key
    HAVING count(*) BETWEEN 2 AND {MOST} OR (count(*) > {MOST} AND bool_or(is_strong))
), told AS (
    SELECT keys.n, keys.key, CASE WHEN counted.holders > {MOST} THEN
        (row_number() OVER (PARTITION BY keys.key ORDER BY keys.place, keys.n)) // {MOST} ELSE 0 END AS heap
    FROM keys
    JOIN counted ON counted.key = keys.key
)
SELECT DISTINCT l.n AS join_key_l, r.n AS join_key_r, '0' AS match_key
FROM told AS l
JOIN told AS r ON r.key = l.key AND r.heap = l.heap AND l.n < r.n
"""  # noqa: S608 - constants
"""Of a key that tells who it is, but that very many have, those are compared who stand together by name."""
