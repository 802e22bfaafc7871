"""What is asked about the ways to reach a client; a phone, an e-mail and a tax number are one client's alone."""

from collections.abc import Sequence
from typing import Self

from pydantic import model_validator

from aggregates.base import WrongValueError
from aggregates.client import Client
from aggregates.client_errors import DuplicateNeedsRightError
from aggregates.client_state import name_of
from aggregates.identity import Home, contact_point, kept_contact_point
from aggregates.phone_number import AreaCode, Region
from commands.approach import check_may_correct
from commands.base import Command, Context, Outcome, handles, wrong_field
from commands.roles import ALLOWING_DUPLICATES, CORRECTING, ENTERING
from events.examples import ROMASHKA, example
from events.ids import ClientId
from events.values import (
    Confidence,
    ContactKind,
    ContactPoint,
    EditedKind,
    ShortText,
    Text,
    Value,
)

BY_HAND = "entered by hand"


class ContactPointGiven(Value):
    """A way to reach a client, as typed, and how sure that is.

    `region` is whose phone numbers need no country code, `area_code` the city of those without one, where these are not
    the company's own.
    """

    kind: ContactKind
    value: ShortText
    label: ShortText | None = None
    confidence: Confidence = Confidence.STATED
    region: Region | None = None
    area_code: AreaCode | None = None

    def with_key(self, place: str, home: Home) -> ContactPoint:
        """Return it with the key it is compared by; raises WrongPhoneError, WrongEmailError.

        `place` is where in the command it stands, as a JSON pointer.
        """
        try:
            return contact_point(
                self.kind,
                self.value,
                self.label,
                home=self._home(home),
                confidence=self.confidence,
            )
        except WrongValueError as error:
            error.facts["pointer"] = f"{place}/value"
            raise

    def kept(self, home: Home) -> ContactPoint:
        """Return it with its key, or as typed with what it is instead."""
        return kept_contact_point(
            self.kind,
            self.value,
            self.label,
            home=self._home(home),
            confidence=self.confidence,
        )

    def _home(self, home: Home) -> Home:
        is_of_home = self.region is None and self.area_code is None
        return home if is_of_home else home._replace(region=self.region or home.region, area_code=self.area_code)

    def key_in(self, client: Client, place: str, home: Home) -> str:
        """Return the key it has on a client's card, where it stands as typed here or in another spelling.

        One that is not there has the key it would get; raises WrongPhoneError, WrongEmailError.
        """
        known = client.known_as(self.kind, self.value)
        if known is None:
            key = self.with_key(place, home).key
            known = client.known_as(self.kind, self.value, key)
        return key if known is None else known.key


def with_keys(points: Sequence[ContactPointGiven], home: Home) -> list[ContactPoint]:
    """Return the `contact_points` of a command with their keys; raises WrongPhoneError, WrongEmailError."""
    return [point.with_key(f"/contact_points/{number}", home) for number, point in enumerate(points)]


OFFICE_PHONE = ContactPointGiven(kind=ContactKind.PHONE, value="8 (922) 325-12-93", label="office")
OLGAS_EMAIL = ContactPointGiven(kind=ContactKind.EMAIL, value="Olga@Romashka.example")


class DuplicateAllowing(Command):
    """A command that may take an identity another client has, with a right and a reason."""

    allow_duplicate: bool = False
    duplicate_reason: Text | None = None

    @model_validator(mode="after")
    def _reason_with_duplicate(self) -> Self:
        if self.allow_duplicate != (self.duplicate_reason is not None):
            field = "duplicate_reason" if self.allow_duplicate else "allow_duplicate"
            raise wrong_field(field, "missing", "allow_duplicate and duplicate_reason go together")
        return self

    def check_right(self, context: Context) -> None:
        """Raise DuplicateNeedsRightError when the actor may not enter a duplicate."""
        if self.allow_duplicate and context.actor.role not in ALLOWING_DUPLICATES:
            raise DuplicateNeedsRightError(role=context.actor.role)


@example(client_id=ROMASHKA, point=OLGAS_EMAIL, source="web form")
class AddContactPoint(DuplicateAllowing):
    """Say how else a client is reached; one client has 50 contact points at most."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    point: ContactPointGiven
    source: ShortText = BY_HAND


@example(client_id=ROMASHKA, from_point=OFFICE_PHONE, to_point=OLGAS_EMAIL)
class CorrectContactPoint(Command):
    """Correct a contact point that was taken down wrongly, on a card in the archive too.

    A seller or a head corrects what they entered themselves within 24 hours.
    """

    ROLES, EDITS = CORRECTING, EditedKind.PERSONAL

    client_id: ClientId
    from_point: ContactPointGiven
    to_point: ContactPointGiven
    source: ShortText = BY_HAND


@example(client_id=ROMASHKA, point=OLGAS_EMAIL, reason="bounces")
class RemoveContactPoint(Command):
    """Say that a client is not reached this way any more, on a card in the archive too.

    A seller or a head takes back what they entered themselves within 24 hours.
    """

    ROLES, EDITS = CORRECTING, EditedKind.PERSONAL

    client_id: ClientId
    point: ContactPointGiven
    reason: Text | None = None


@handles(AddContactPoint)
def add_contact_point(command: AddContactPoint, context: Context) -> Outcome:
    """Add the contact point."""
    command.check_right(context)
    client = context.load(Client, command.client_id)
    client.add_contact_point(
        command.point.with_key("/point", context.home), source=command.source, duplicate_reason=command.duplicate_reason
    )
    return context.save(client)


@handles(CorrectContactPoint)
def correct_contact_point(command: CorrectContactPoint, context: Context) -> Outcome:
    """Correct the contact point."""
    client, kind = context.load(Client, command.client_id), command.from_point.kind
    key = command.from_point.key_in(client, "/from_point", context.home)
    if (kind, key) in client.points:
        check_may_correct(context, client, name_of(kind, key))
    right = command.to_point.with_key("/to_point", context.home)
    client.correct_contact_point(kind, key, right, source=command.source)
    return context.save(client)


@handles(RemoveContactPoint)
def remove_contact_point(command: RemoveContactPoint, context: Context) -> Outcome:
    """Remove the contact point."""
    client, kind = context.load(Client, command.client_id), command.point.kind
    key = command.point.key_in(client, "/point", context.home)
    if (kind, key) in client.points:
        check_may_correct(context, client, name_of(kind, key))
    client.remove_contact_point(kind, key, reason=command.reason)
    return context.save(client)
