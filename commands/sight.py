"""What an actor may see, and so act on: the same clients, deals and activities that reads tell them of.

It is decided on the aggregates as they stand; read_api/reading/seen.py says it in SQL, on the views.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple
from uuid import UUID

from aggregates.activity import Activity
from aggregates.base import Aggregate, NotFoundError
from aggregates.client import Client
from aggregates.deal import Deal
from commands.base import Command, Find, stream_fields
from commands.named_client import organisation_ids, who_answers
from events.marks import ids_in

People = frozenset[UUID] | None
"""Ids of staff; None: everybody, whoever it is."""

NOBODY: frozenset[UUID] = frozenset()


class Sight(NamedTuple):
    """Whose clients, deals and activities an actor sees; nobody's clients are seen by who sees anybody's."""

    clients: People
    deals: People
    activities: People

    def sees(self, thing: Aggregate, find: Find) -> bool:
        """Tell whether the actor sees a client, a deal or an activity; whatever else there is, everybody does."""
        if isinstance(thing, Client):
            return _sees_client(self.clients, thing, find)
        if isinstance(thing, Deal):
            return _sees(self.deals, (thing.seller_id,), (thing.client_id,), find)
        if isinstance(thing, Activity):
            staff = (thing.staff_id, *thing.setting.participant_staff_ids)
            return _sees(self.activities, staff, (thing.client_id, thing.contact_id), find)
        return True


def _sees(people: People, staff: Iterable[UUID | None], client_ids: Iterable[UUID | None], find: Find) -> bool:
    """Tell whether a thing is seen by the staff it is of, or by the clients it is with."""
    if people is None or not people.isdisjoint(staff):
        return True
    clients = (find(Client, each) for each in client_ids if each is not None)
    return any(client is not None and _sees_client(people, client, find) for client in clients)


def _sees_client(people: People, client: Client, find: Find) -> bool:
    """Tell whether a client is seen: by its owner, a contact person who is nobody's by those of its organisations."""
    if people is None:
        return True
    client = who_answers(find, client)
    if client.owner_id is not None:
        return client.owner_id in people
    found = (find(Client, each) for each in organisation_ids(client))
    organisations = (who_answers(find, each) for each in found if each is not None)
    owners = {each.owner_id for each in organisations if each.owner_id is not None}
    return bool(people) and (not owners or not owners.isdisjoint(people))


class OutOfSightError(NotFoundError):
    """What an actor names who sees a part is out of their sight, or not there at all: they are told the latter.

    Either is on record, and so takes the same work; facts: kind, id.
    """

    is_on_record = True


class Unseen(NamedTuple):
    """What a command names and its actor does not see: for them it is not there (`hidden`), or it is known `by_id`."""

    hidden: frozenset[UUID] = NOBODY
    by_id: frozenset[UUID] = NOBODY


NOTHING_UNSEEN = Unseen()


def unseen(command: Command, sight: Sight, find: Find) -> Unseen:
    """Return what a command names and its actor does not see.

    Who takes part in a thing that the command names too, and the actor sees, is known to them by that. Who was told the
    id of a client by a phone may name it where `Command.known_by_id` says so, as long as the card is in use.
    """
    out: dict[UUID, Aggregate] = {}
    known: set[UUID] = set()
    for name, kind in _fields(type(command)):
        for each in ids_in(getattr(command, name)):
            thing = find(kind, each)
            if thing is not None and sight.sees(thing, find):
                known.update(thing.parties)
            elif thing is not None:
                out[each] = thing
    if not out:
        return NOTHING_UNSEEN
    named = {each for name in command.known_by_id() for each in ids_in(getattr(command, name))}
    by_id = frozenset(each for each, thing in out.items() if each in named and _is_in_use(thing)) - known
    return Unseen(frozenset(out) - known - by_id, by_id)


@cache
def _fields(command_type: type[Command]) -> tuple[tuple[str, type[Aggregate]], ...]:
    """Return the fields that name clients, deals and activities."""
    return tuple(field for field in stream_fields(command_type) if field[1] in {Client, Deal, Activity})


def _is_in_use(thing: Aggregate) -> bool:
    return isinstance(thing, Client) and not thing.is_archived
