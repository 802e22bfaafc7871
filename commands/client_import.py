"""What old records say of clients who may be there: what they say otherwise than the card is recorded, nothing else."""

from collections.abc import Iterable
from itertools import chain
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.client_errors import (
    ClientNotRecognisedError,
    KindIsOtherError,
    NameNeededError,
    RelationIsOtherError,
    SeveralClientsRecognisedError,
    TooManyContactPointsError,
)
from aggregates.client_state import MOST_CONTACT_POINTS, compared
from commands.base import Context, GivenMoment, Outcome, handles
from commands.beside import Beside, rehearse_beside, say_beside
from commands.client import ImportClient, import_client
from commands.contact_point import ContactPointGiven
from commands.import_run import HistoryCommand
from commands.named_client import who_answers
from commands.roles import IMPORT
from events.examples import FIRST_IMPORT, ROMASHKA, example
from events.ids import ClientId
from events.values import AffiliationRole, ClientKind, ProfileFact, ProfileField, ShortText, Text


@example(import_id=FIRST_IMPORT, client_id=ROMASHKA, name="Romashka Plus", source="maven-crm", external_id="1")
class ImportClientUpdate(HistoryCommand):
    """Say of a client what old records say: what they do not say stays, traits to `clear` excepted.

    The client is `client_id`, the source's own, if that one is there; else whom of `matched_ids` the row is recognised
    in; else, where one `may_enter`, a new one, entered as of `entered_at`.
    """

    ROLES, EDITS = IMPORT, None

    client_id: ClientId
    matched_ids: Annotated[tuple[ClientId, ...], Field(max_length=MOST_CONTACT_POINTS)] = ()
    may_enter: bool = False
    entered_at: GivenMoment | None = None
    kind: ClientKind | None = None
    name: ShortText | None = None
    contact_points: Annotated[tuple[ContactPointGiven, ...], Field(max_length=MOST_CONTACT_POINTS)] = ()
    tax_id: ShortText | None = None
    profile: Annotated[tuple[ProfileFact, ...], Field(max_length=50)] = ()
    clear: Annotated[tuple[ProfileField, ...], Field(max_length=50)] = ()
    source: ShortText
    external_id: ShortText | None = None
    parent_id: ClientId | None = None
    organisation_id: ClientId | None = None
    affiliation_role: AffiliationRole = AffiliationRole.OTHER
    duplicate_reason: Text | None = None
    beside: Beside | None = None

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        if self.beside is None:
            return ()
        return chain.from_iterable(self.beside.streams(each) for each in (self.client_id, *self.matched_ids))

    def entering(self) -> ImportClient:
        """Return what enters the client; raises NameNeededError."""
        if self.name is None:
            raise NameNeededError(external_id=self.external_id or str(self.client_id))
        said: dict[str, Any] = {
            name: getattr(self, name) for name in ImportClient.model_fields if name in type(self).model_fields
        }
        kind = self.kind or ClientKind.ORGANISATION
        return ImportClient.model_validate({**said, "kind": kind, "occurred_at": self.entered_at or self.occurred_at})


@handles(ImportClientUpdate)
def import_client_update(command: ImportClientUpdate, context: Context) -> Outcome:
    client = _meant(command, context)
    if client is None:
        if not command.may_enter:
            raise ClientNotRecognisedError(external_id=command.external_id or str(command.client_id))
        return import_client(command.entering(), context)
    client.check_accepts()
    _check_alike(client, command)
    rehearse_beside(context, client, command.beside)
    _bring_up_to_date(client, command, context)
    return context.save(client, *say_beside(context, client, command.beside))


def _meant(command: ImportClientUpdate, context: Context) -> Client | None:
    """Return the client that is meant, if it is there; raises SeveralClientsRecognisedError."""
    own = context.find(Client, command.client_id)
    if own is not None:
        return who_answers(context.find, own)
    found: dict[UUID, Client] = {}
    for each in command.matched_ids:
        client = context.find(Client, each)
        if client is not None:
            client = who_answers(context.find, client)
            found[client.id] = client
    of_kind = [each for each in found.values() if command.kind in {None, each.kind}]
    # The number of an organisation is that of who acts for it, too.
    meant = of_kind or list(found.values())
    if len(meant) > 1:
        raise SeveralClientsRecognisedError(
            names=[each.name for each in meant], candidates=[str(each.id) for each in meant]
        )
    return meant[0] if meant else None


def _check_alike(client: Client, command: ImportClientUpdate) -> None:
    if command.kind not in {None, client.kind}:
        raise KindIsOtherError(kind=client.kind)
    if command.parent_id not in {None, client.parent_id}:
        raise RelationIsOtherError(kind="parent")
    if command.organisation_id is not None and command.organisation_id not in client.affiliations:
        raise RelationIsOtherError(kind="organisation")


def _bring_up_to_date(client: Client, command: ImportClientUpdate, context: Context) -> None:
    """Record what is otherwise; all that may be refused is looked at before anything is recorded."""
    given = (point.kept(context.home) for point in command.contact_points)
    new = [each for each in given if client.known_as(each.kind, each.value, each.key) is None]
    points = {(each.kind, compared(each.kind, each.key)): each for each in new}
    traits = [each for each in command.profile if client.profile.get(each.field, (None,))[0] != each.value]
    cleared = [each for each in command.clear if each in client.profile]
    if len(client.points) + len(points) > MOST_CONTACT_POINTS:
        raise TooManyContactPointsError(client_id=client.id, most=MOST_CONTACT_POINTS)
    if command.name not in {None, client.name} or traits or cleared:
        client.check_present()
    if command.tax_id not in {None, client.tax_id}:
        client.correct_tax_id(command.tax_id, source=command.source)
    if command.name is not None:
        client.rename(command.name, source=command.source)
    for point in points.values():
        client.add_contact_point(point, source=command.source, duplicate_reason=command.duplicate_reason)
    for trait in traits:
        client.correct_profile(trait.field, trait.value, source=trait.source, confidence=trait.confidence)
    for field in cleared:
        client.correct_profile(field, None, source=command.source)
