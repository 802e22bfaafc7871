"""Who may be the same as one client: looked up by what the cards are found by, and scored as a search scores them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from pydantic_core import to_json

from infra.linkage.comparing import Comparer, Frequencies, Scored
from infra.linkage.model import KEPT, settings_of, with_frequencies
from infra.names.search import Anyone, Found, Term, asked
from infra.names.skeletons import skeleton
from replay.duplicates.records import COLUMNS, SELECT, VIEW, Record, record_of

MOST = 200
"""So many are looked up at most in each way; who are found by a phone or a tax number are few."""

MOST_WORDS = 4
"""Of so many words of a name any two are looked for together."""

_ONE = f"{SELECT} AND c.client_id = ANY(%(ids)s)"
_BY_KEYS = f"""
SELECT c.client_id FROM read.{VIEW} AS c
WHERE c.identity_keys && %(keys)s::text[] AND c.client_id <> %(id)s
LIMIT {MOST}
"""  # noqa: S608 - constants
_BY_NAME = f"""
SELECT c.client_id FROM read.{VIEW} AS c
WHERE c.name_terms @@ %(terms)s::tsquery AND c.client_id <> %(id)s AND c.archived_at IS NULL
LIMIT {MOST}
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
    found: set[UUID] = set()
    if keys:
        found |= {one for (one,) in connection.execute(_BY_KEYS.encode(), {"keys": keys, "id": own.client_id})}
    for terms in _terms(str(name)):
        found |= {one for (one,) in connection.execute(_BY_NAME.encode(), {"terms": terms, "id": own.client_id})}
    return found


def _terms(name: str) -> Iterator[str]:
    """Yield the queries by which a name is looked for: all of its words; any two, of which one may be an initial.

    And any two of which one has a slip, each pair by itself: both at once, and all in one query, are looked up in ten
    times the time, because of a common word very many have every form.
    """
    whole = asked(name)
    yield whole.queries()[Found.NAME]
    words = [_Word(_exact(typed), _any((Term(skeleton(typed[:1])),)), _any(alike)) for typed, _, alike in whole.typed]
    words = words[:MOST_WORDS]
    if len(words) == 1:
        yield words[0].alike
        return
    exact = [f"({one.exact} & ({other.exact} | {other.initial}))" for one, other in permutations(words, 2)]
    if exact:
        yield " | ".join(exact)
    yield from (f"{one.alike} & {other.exact}" for one, other in permutations(words, 2))


class _Word(NamedTuple):
    """What finds a word as it sounds, its initial, and it with a slip."""

    exact: str
    initial: str
    alike: str


def _exact(typed: str) -> str:
    """Return what finds a word; an initial finds words that begin so."""
    return _any((Term(skeleton(typed), is_beginning=len(typed) == 1),))


def _any(terms: Anyone) -> str:
    texts = (f"'{term.text}'{':*' if term.is_beginning else ''}" for term in terms if term.text)
    return f"({' | '.join(texts) or _NOWHERE})"
