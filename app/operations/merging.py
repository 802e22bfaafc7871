"""Merges pairs of clients who are almost surely one, many at once, and takes such a run apart again.

Nothing is merged that a person would have to decide: whatever the command refuses, as two owners or two tax numbers,
stays in the queue. A third one joins two who are one only if it is as much like each of them. A run that was broken off
goes on when it is begun again: who has joined is passed over.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

import psycopg

from aggregates.base import DomainError
from app.composition.wiring import batch_runner, rehearsing_runner_at
from app.operations.site import Site
from commands.base import Actor, Command
from commands.client_merge import MergeClients, UnmergeClients
from commands.errors import ContendedError, RequestError
from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from events.client_merge import ClientMergedInto
from infra.postgres.connection import OwnConnection, connect
from infra.projector.tables import view_of
from projections.parties.canonical_map import canonical_map
from projections.parties.client_card import client_card
from projections.parties.client_pairs import client_pairs
from replay.duplicates.finding import CardsNotBuiltError
from replay.repair.jobs import Job

BATCH = 100
"""Pairs that are carried out together."""

ATTEMPTS = 5
"""How often a pair is tried of which others say something at the same moment."""

ALIKE = "not-alike-in-all"
"""Why a third one does not join two: it is not as much like each of them."""

APART = "kept-apart"
"""Why two do not join: somebody said that those who would be one with them are not the same."""

_CARD, _PAIRS, _MAP = (f"read.{view_of(one)}" for one in (client_card, client_pairs, canonical_map))
_ALIKE = f"""
SELECT p.party_id, p.other_id, c.registered_at, d.registered_at
FROM letopis.duplicate_pair AS p
JOIN {_CARD} AS c ON c.client_id = p.party_id
JOIN {_CARD} AS d ON d.client_id = p.other_id
LEFT JOIN {_PAIRS} AS k ON k.pair_id = p.pair_id
WHERE p.score >= %s
    AND k.is_kept_apart IS NOT TRUE
    AND c.registered_at IS NOT NULL AND c.archived_at IS NULL
    AND d.registered_at IS NOT NULL AND d.archived_at IS NULL
ORDER BY p.score DESC, p.pair_id
"""  # noqa: S608 - constants
_KEPT_APART = f"SELECT k.client_id, k.other_id FROM {_PAIRS} AS k WHERE k.is_kept_apart"  # noqa: S608 - constants
_JOINED = f"""
SELECT m.client_id, m.survivor_id, c.registered_at
FROM {_MAP} AS m
JOIN {_CARD} AS c ON c.client_id = m.survivor_id
"""  # noqa: S608 - constants
_MERGED: LiteralString = """
SELECT e.body ->> 'survivor_id', e.stream_id
FROM letopis.event AS e
WHERE e.topic = %s
    AND e.correlation_id = %s
    AND e.body ->> 'into_id' = e.body ->> 'survivor_id'
ORDER BY e.position DESC
"""

Tell = Callable[[int, int], None]
"""Hears how many pairs are done, and of how many; it may raise, and then it ends."""


class Merged(NamedTuple):
    """What became of the pairs: so many were merged, or taken apart, and why the others were not, by code."""

    pairs: int
    done: int
    left: Mapping[str, int]


class _Alike:
    """Who joins whom: groups in which each is like each other one, and nobody was kept apart from another."""

    def __init__(self, found: "_Found") -> None:
        self._alike = {frozenset((one, other)) for one, other, *_ in found.pairs}
        self._apart = {frozenset(pair) for pair in found.apart}
        self._tops: dict[UUID, UUID] = {}
        self._members: dict[UUID, list[UUID]] = {}
        self._since = {survivor: at for _, survivor, at in found.joined}
        for one, other, *since in found.pairs:
            self._since |= zip((one, other), since, strict=True)
        for merged, survivor, _ in found.joined:
            self.join(survivor, merged)

    def top(self, client: UUID) -> UUID:
        return self._tops.get(client, client)

    def tops(self, one: UUID, other: UUID) -> tuple[UUID, UUID]:
        """Return who answers for two clients, who was entered first before the other."""
        first, second = sorted((self.top(one), self.top(other)), key=lambda client: (self._since[client], client))
        return first, second

    def hindrance(self, one: UUID, other: UUID) -> str | None:
        """Return why two groups do not become one."""
        across = {frozenset((a, b)) for a in self._of(one) for b in self._of(other)}
        return APART if across & self._apart else ALIKE if across - self._alike else None

    def join(self, survivor: UUID, merged: UUID) -> None:
        joining = self._members.pop(merged, [merged])
        self._members[survivor] = [*self._of(survivor), *joining]
        self._tops |= dict.fromkeys(joining, survivor)

    def _of(self, top: UUID) -> Sequence[UUID]:
        return self._members.get(top, [top])


def merge_alike(here: Site, job: Job, tell: Tell) -> Merged:
    """Merge the pairs that are at least as probable as the job says; the one who was entered first answers.

    Raises CardsNotBuiltError where there is nothing to look at yet, and what `tell` raises.
    """
    most, found = job.parameters["most"], _found(here, job.parameters["from_score"])
    groups = _Alike(found)
    left: Counter[str] = Counter()
    waiting: dict[UUID, UUID] = {}
    done = 0
    with _carrying_out(here, job) as carry_out:

        def settle() -> int:
            said = [MergeClients(survivor_id=a, merged_id=b, reason=job.reason or "") for b, a in waiting.items()]
            codes = carry_out(said)
            for (merged, survivor), code in zip(waiting.items(), codes, strict=True):
                if code is None:
                    groups.join(survivor, merged)
            left.update(filter(None, codes))
            waiting.clear()
            return codes.count(None)

        for number, (a, b, *_) in enumerate(found.pairs):
            if {*groups.tops(a, b)} & {*waiting, *waiting.values()}:
                done += settle()
            one, other = groups.tops(a, b)
            if one == other:
                continue
            if why := groups.hindrance(one, other):
                left[why] += 1
                continue
            waiting[other] = one
            if len(waiting) >= BATCH or done + len(waiting) >= most:
                done += settle()
                tell(number, len(found.pairs))
            if done >= most:
                break
        done += settle()
    return Merged(len(found.pairs), done, dict(left))


def take_apart(here: Site, job: Job, tell: Tell) -> Merged:
    """Take apart whom a job merged, the last first; who was taken apart before is passed over."""
    with connect(here.urls.projector) as connection:
        merged = connection.execute(_MERGED, [ClientMergedInto.TOPIC, UUID(job.parameters["job"])]).fetchall()
    left: Counter[str] = Counter()
    done = 0
    with _carrying_out(here, job) as carry_out:
        for number, (survivor, client) in enumerate(merged):
            said = UnmergeClients(survivor_id=UUID(survivor), merged_id=client, reason=job.reason or "")
            [code] = carry_out([said])
            done += code is None
            left.update([] if code is None else [code])
            tell(number, len(merged))
    return Merged(len(merged), done, dict(left))


class _Found(NamedTuple):
    pairs: Sequence[tuple[UUID, UUID, datetime, datetime]]
    apart: Sequence[tuple[UUID, UUID]]
    joined: Sequence[tuple[UUID, UUID, datetime]]


def _found(here: Site, from_score: float) -> _Found:
    try:
        with connect(here.urls.projector) as connection:
            return _Found(
                connection.execute(_ALIKE.encode(), [from_score]).fetchall(),
                connection.execute(_KEPT_APART.encode()).fetchall(),
                connection.execute(_JOINED.encode()).fetchall(),
            )
    except psycopg.errors.UndefinedTable:
        raise CardsNotBuiltError from None


@contextmanager
def _carrying_out(here: Site, job: Job) -> Iterator[Callable[[Sequence[Command]], list[str | None]]]:
    """Lend what carries out commands for who asked for a job, and returns of each why it was refused."""
    home, master, is_dry = here.settings.home, here.master, job.parameters["is_dry"]
    with ExitStack() as stack:
        borrow = OwnConnection(here.urls.writer)
        stack.callback(borrow.close)
        runner = rehearsing_runner_at(master, borrow, home) if is_dry else batch_runner(master, borrow, home=home)
        actor = Actor(job.asked_by, job.asked_as)
        yield lambda said: _carried_out(runner, here, actor, job, said)


def _carried_out(runner: BatchRunner, here: Site, actor: Actor, job: Job, said: Sequence[Command]) -> list[str | None]:
    codes: list[str | None] = [ContendedError.code] * len(said)
    again = list(range(len(said)))
    for _ in range(ATTEMPTS):
        if not again:
            break
        requests = [
            replace(Request.of(said[place], actor, here.master.keyed_hash), correlation_id=job.job_id)
            for place in again
        ]
        still = []
        for place, answer in zip(again, runner.run(requests), strict=True):
            if isinstance(answer, ContendedError):
                still.append(place)
            elif isinstance(answer, Accepted):
                codes[place] = None
            elif isinstance(answer, (DomainError, RequestError)):
                codes[place] = answer.code
            else:
                raise answer
        again = still
    return codes
