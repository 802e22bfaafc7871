"""Who may be the same as one client: looked up by what the cards are found by, and scored as a search scores them."""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from pydantic_core import to_json

from infra.linkage import tables as pairs
from infra.linkage.comparing import Comparer, Frequencies, Scored
from infra.linkage.model import KEPT, settings_of, with_frequencies
from infra.names.search import Anyone, Found, Term, asked
from infra.names.skeletons import skeleton
from replay.duplicates.records import COLUMNS, SELECT, VIEW, Record, record_of

MOST = pairs.MOST
"""Who has a key, or two words, in common with more than so many others: nothing is concluded of that."""

MOST_WORDS = 4
"""Of so many words of a name any two are looked for together."""

_ONE = f"{SELECT} AND c.client_id = ANY(%(ids)s)"
_BY_KEYS = f"""
SELECT c.client_id FROM read.{VIEW} AS c
WHERE c.identity_keys && %(keys)s::text[] AND c.client_id <> %(id)s
LIMIT {MOST}
"""  # noqa: S608 - constants
# In the order in which they are asked for, who has these terms: of each MOST and one more at most.
_BY_NAME = f"""
SELECT ARRAY(
    SELECT c.client_id FROM read.{VIEW} AS c
    WHERE c.name_terms @@ asked.terms AND c.client_id <> %(id)s AND c.archived_at IS NULL
    LIMIT {MOST + 1}
)
FROM unnest(%(terms)s::tsquery[]) WITH ORDINALITY AS asked (terms, number)
ORDER BY asked.number
"""  # noqa: S608 - constants
_RUN: LiteralString = "SELECT settings::text FROM letopis.duplicate_run"
_FREQUENCIES: LiteralString = """
SELECT party_id, frequencies FROM letopis.duplicate_frequency WHERE party_id = ANY(%s)
"""
_ABOUT: LiteralString = "SELECT greatest(reltuples, 2)::bigint FROM pg_class WHERE oid = %s::regclass"

_COUNTED = [column.name for _, column in with_frequencies(COLUMNS)]

_NOWHERE = "'~'"
"""A term that no name has."""


class Candidate(NamedTuple):
    """A client who may be the same as another one: how probably, and in what they agree."""

    client_id: UUID
    score: float
    agreement: Mapping[str, str]


def candidates_of(connection: psycopg.Connection[Any], comparer: Comparer, client_id: UUID) -> list[Candidate]:
    """Return who may be the same as a client, the most probable first; nobody of one who is not in use."""
    itself = _records(connection, [client_id])
    if not itself:
        return []
    own = itself[0]
    others = _records(connection, list(_looked_up(connection, own)))
    frequencies: dict[str, Frequencies] = {
        str(each): dict(zip(_COUNTED, told, strict=True))
        for each, told in connection.execute(_FREQUENCIES, [[one.client_id for one in (own, *others)]])
    }
    frequencies[""] = frequencies.pop(str(client_id), None)
    rows = [(str(one.client_id), one.values) for one in others]
    scored = comparer.scored(_settings(connection), own.values, rows, frequencies)
    return [_candidate(one) for one in scored if one.score >= KEPT]


def _candidate(one: Scored) -> Candidate:
    return Candidate(UUID(one.id), round(one.score, 4), one.agreement)


def _records(connection: psycopg.Connection[Any], ids: Sequence[UUID]) -> list[Record]:
    return [record_of(row) for row in connection.execute(_ONE.encode(), {"ids": list(ids)})] if ids else []


def _settings(connection: psycopg.Connection[Any]) -> str:
    """Return the weights of the last search; before the first one, what is known beforehand."""
    row = connection.execute(_RUN).fetchone()
    if row is not None:
        return str(row[0])
    [(about,)] = connection.execute(_ABOUT, [f"read.{VIEW}"]).fetchall()
    return to_json(settings_of(COLUMNS, about)).decode()


def _looked_up(connection: psycopg.Connection[Any], own: Record) -> set[UUID]:
    name, _, phones, emails, tax_id, *_ = own.values
    told = (("phone", phones), ("line", phones), ("email", emails))
    keys = [f"{what}:{each}" for what, values in told for each in values or ()]
    keys += [f"tax_id:{tax_id}"] if tax_id else []
    found = _of_name(connection, own.client_id, str(name))
    if keys:
        found |= {one for (one,) in connection.execute(_BY_KEYS.encode(), {"keys": keys, "id": own.client_id})}
    return found


def _of_name(connection: psycopg.Connection[Any], client_id: UUID, name: str) -> set[UUID]:
    """Return who has all words of a name; or two of them, of which one may be an initial or have a slip.

    They are asked for pair by pair: a query of all of them takes ten times the time, for it looks at everybody who has
    a common word. Where very many have both words as they are, those who have them with a slip are not looked up.
    """

    def having(terms: Sequence[str]) -> list[list[UUID]]:
        if not terms:
            return []
        values = {"terms": list(terms), "id": client_id}
        return [one for (one,) in connection.execute(_BY_NAME.encode(), values)]

    whole = asked(name)
    words = [_Word(_exact(typed), _initial(typed), _any(alike)) for typed, _, alike in whole.typed][:MOST_WORDS]
    pairs_of_words = list(combinations(words, 2))
    short = [f"{one.exact} & {other.initial}" for one, other in permutations(words, 2)]
    named, *others = having(
        [whole.queries()[Found.NAME], *(f"{one.exact} & {other.exact}" for one, other in pairs_of_words), *short]
    )
    telling = [pair for pair, found in zip(pairs_of_words, others, strict=False) if len(found) <= MOST]
    slips = [f"{one.alike} & {other.exact}" for pair in telling for one, other in (pair, pair[::-1])]
    others += having([words[0].alike] if len(words) == 1 else slips)
    return set(named[:MOST]).union(*(found for found in others if len(found) <= MOST))


class _Word(NamedTuple):
    """What finds a word as it sounds, its initial, and it with a slip."""

    exact: str
    initial: str
    alike: str


def _exact(typed: str) -> str:
    """Return what finds a word; an initial finds words that begin so."""
    return _any((Term(skeleton(typed), is_beginning=len(typed) == 1),))


def _initial(typed: str) -> str:
    """Return what finds the initial of a word where it stands for it."""
    return _any((Term(skeleton(typed[:1])),))


def _any(terms: Anyone) -> str:
    texts = (f"'{term.text}'{':*' if term.is_beginning else ''}" for term in terms if term.text)
    return f"({' | '.join(texts) or _NOWHERE})"
