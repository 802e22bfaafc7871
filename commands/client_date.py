"""What is asked about the days on which a client is remembered: to note one, to drop it."""

from calendar import monthrange
from typing import Annotated, Self

from pydantic import Field, model_validator

from aggregates.client_date import ClientDate
from commands.base import Command, Context, Outcome, found_or_new, handles, wrong_field
from commands.contact_point import BY_HAND
from commands.named_client import named_client
from commands.roles import ENTERING
from events.client_date import LEAP_YEAR, ClientDateKind, YearlyDay
from events.examples import ROMASHKA, example
from events.ids import ClientId, dates_of
from events.values import EditedKind, ShortText


class OfClientDate(Command):
    """A command on a day of a client, who may have joined another one; `label` tells days of one kind apart."""

    client_id: ClientId
    kind: ClientDateKind
    label: ShortText | None = None


@example(client_id=ROMASHKA, kind=ClientDateKind.FOUNDED, month=2, day=29, year=1996, source="their website")
class NoteClientDate(OfClientDate):
    """Note on which day of the year a client is remembered, or correct it; `year` is the first one, if it is known."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    year: Annotated[int | None, Field(ge=1000, le=2100)] = None
    source: ShortText = BY_HAND

    @model_validator(mode="after")
    def _is_a_day_of_something(self) -> Self:
        if self.day > monthrange(LEAP_YEAR if self.year is None else self.year, self.month)[1]:
            raise wrong_field("day", "no_such_day", "there is no such day in that month")
        if self.kind is ClientDateKind.OTHER and self.label is None:
            raise wrong_field("label", "needs_a_label", "what is of no kind needs a label")
        return self


@example(client_id=ROMASHKA, kind=ClientDateKind.FOUNDED)
class DropClientDate(OfClientDate):
    """Remember a day of a client no more."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL


@handles(NoteClientDate)
def note_client_date(command: NoteClientDate, context: Context) -> Outcome:
    dates = _dates(command, context)
    day = YearlyDay(month=command.month, day=command.day, year=command.year)
    dates.note(command.client_id, command.kind, command.label, day, source=command.source)
    return context.save(dates)


@handles(DropClientDate)
def drop_client_date(command: DropClientDate, context: Context) -> Outcome:
    """Drop it; of what nobody noted nothing is recorded."""
    dates = _dates(command, context)
    dates.drop(command.client_id, command.kind, command.label)
    return context.save(dates)


def _dates(command: OfClientDate, context: Context) -> ClientDate:
    named_client(context, command.client_id)
    dates_id = dates_of(command.client_id)
    return found_or_new(context, ClientDate, dates_id)
