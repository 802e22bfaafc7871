"""In whom the rows of a batch are recognised: whose phones, e-mails and tax numbers they name."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from aggregates.client_errors import ClientNotRecognisedError, NameNeededError
from aggregates.client_state import IDENTIFYING, TAX_ID, compared, numbers_held
from aggregates.identity import Home
from commands.client_import import ImportClientUpdate
from commands.errors import DuplicateClientError
from commands.execution.pending import PendingCommand
from infra.mailboxes import HOME_COUNTRY
from infra.postgres.connection import Borrow

Key = tuple[str, bytes]
"""The kind of an identity, and its keyed hash."""

_HOLDERS = """
SELECT held.kind, held.key, held.holder_id
FROM letopis.claim AS held
JOIN unnest(%s::text[], %s::bytea[]) AS asked (kind, key) USING (kind, key)
"""


def holders_of(borrow: Borrow, keys: Iterable[Key]) -> Iterator[tuple[Key, UUID]]:
    """Give who has these identities in the log, each with the one it has."""
    asked = list(keys)
    if not asked:
        return
    kinds, hashes = zip(*asked, strict=True)
    with borrow() as connection:
        found = connection.execute(_HOLDERS, [list(kinds), list(hashes)]).fetchall()
    for kind, key, holder_id in found:
        yield (kind, bytes(key)), holder_id


def recognise(turns: Sequence[PendingCommand], borrow: Borrow, keyed_hash: Callable[[str], bytes], home: Home) -> None:
    """Say in the commands that update clients in whom each is recognised: one question for the whole batch.

    Who was named before, by a refusal, stays.
    """
    named: list[tuple[PendingCommand, list[Key]]] = []
    for turn in turns:
        command = turn.request.command
        if isinstance(command, ImportClientUpdate):
            named.append((turn, [(kind, keyed_hash(f"{kind}:{key}")) for kind, key in _identities(command, home)]))
    holders: dict[Key, list[UUID]] = {}
    for key, holder_id in holders_of(borrow, {each for _, keys in named for each in keys}):
        holders.setdefault(key, []).append(holder_id)
    for turn, keys in named:
        command = turn.request.command
        assert isinstance(command, ImportClientUpdate)  # noqa: S101 - see above
        found = dict.fromkeys((*command.matched_ids, *(each for key in keys for each in holders.get(key, ()))))
        if len(found) > len(command.matched_ids):
            matched = command.model_copy(update={"matched_ids": tuple(found)})
            turn.request = replace(turn.request, command=matched)


def may_be_known_now(turn: PendingCommand) -> bool:
    """Return whether the client was perhaps entered by a row before this one, which was on its way; say by whom."""
    command, answer = turn.request.command, turn.answer
    if not isinstance(command, ImportClientUpdate):
        return False
    if isinstance(answer, DuplicateClientError):
        matched = tuple(dict.fromkeys((*command.matched_ids, *answer.facts["candidates"])))
        turn.request = replace(turn.request, command=command.model_copy(update={"matched_ids": matched}))
        return True
    return isinstance(answer, (ClientNotRecognisedError, NameNeededError))


def _identities(command: ImportClientUpdate, home: Home) -> Iterator[tuple[str, str]]:
    for given in command.contact_points:
        if given.kind in IDENTIFYING:
            point = given.kept(home)
            if point.doubt is None:
                yield point.kind.value, compared(point.kind, point.key)
    if command.tax_id is not None:
        for each in numbers_held(command.tax_id, HOME_COUNTRY, None, None):
            yield TAX_ID, each.key
