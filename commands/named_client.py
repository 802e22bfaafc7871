"""The client that a command names, and who answers for it: another one where it turned out to be that."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from aggregates.client import Client
from commands.base import Context, Find


def named_client(context: Context, client_id: UUID) -> Client:
    """Return the client of this id, though another one may answer for it; raises NotFoundError.

    What is about a client names whoever it was told of, and stays with that one when two are taken apart.
    """
    client = context.find(Client, client_id)
    return context.load(Client, client_id) if client is None else client


def who_answers(find: Find, client: Client) -> Client:
    """Return on whom is decided what concerns a client: itself, or whom it turned out to be."""
    return client if client.survivor_id is None else find(Client, client.survivor_id) or client


def organisation_ids(client: Client) -> Iterable[UUID]:
    """Return whom a contact person acts for, as which client whatever."""
    if not client.parts:
        return client.affiliations
    return dict.fromkeys((*client.affiliations, *(e for part in client.parts.values() for e in part.organisation_ids)))


def above(context: Context, client: Client) -> Iterator[Client]:
    """Give those whom a client joined, one by one, up to who answers for it."""
    seen = {client.id}
    while client.merged_into is not None and client.merged_into not in seen:
        seen.add(client.merged_into)
        client = named_client(context, client.merged_into)
        yield client
