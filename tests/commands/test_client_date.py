"""Days on which a client is remembered: of each kind and label one, with the year if it is known."""

from typing import Any

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.client_date import MOST_DATES, TooManyDatesError
from commands.client_date import DropClientDate, NoteClientDate
from events.client import ClientRegistered
from events.client_date import ClientDateDropped, ClientDateKind, ClientDateNoted, YearlyDay
from events.examples import DATES_OF_ROMASHKA
from tests.examples import ROMASHKA, command, fact
from tests.story import given, on

THERE = on(ROMASHKA, fact(ClientRegistered))
NOTED = on(DATES_OF_ROMASHKA, fact(ClientDateNoted))
DROPPED = on(DATES_OF_ROMASHKA, fact(ClientDateDropped))


def test_a_day_is_noted_once_and_corrected_by_noting_another() -> None:
    given(THERE).when(command(NoteClientDate)).when(command(NoteClientDate)).then(NOTED)
    other = on(DATES_OF_ROMASHKA, fact(ClientDateNoted, on_day=YearlyDay(month=3, day=1)))
    given(THERE, NOTED).when(command(NoteClientDate, month=3, day=1, year=None)).then(other)


def test_days_of_one_kind_are_told_apart_by_their_labels_however_these_are_written() -> None:
    gift = {"kind": ClientDateKind.GIFT, "label": "For the daughter"}
    noted = on(DATES_OF_ROMASHKA, fact(ClientDateNoted, **gift))
    story = given(THERE, NOTED).when(command(NoteClientDate, **gift))
    story.when(command(NoteClientDate, **{**gift, "label": "for the  DAUGHTER"})).then(noted)


def test_a_day_is_dropped_once_and_may_be_noted_anew() -> None:
    given(THERE, NOTED).when(command(DropClientDate)).when(command(DropClientDate)).then(DROPPED)
    given(THERE).when(command(DropClientDate)).then()
    given(THERE, NOTED, DROPPED).when(command(NoteClientDate)).then(NOTED)


@pytest.mark.parametrize(
    ("day", "field"),
    [
        ({"month": 2, "day": 29, "year": 1997}, "no_such_day"),
        ({"month": 2, "day": 30, "year": None}, "no_such_day"),
        ({"month": 4, "day": 31}, "no_such_day"),
        ({"month": 13}, "month"),
        ({"kind": "other"}, "needs_a_label"),
    ],
)
def test_what_is_no_day_of_anything_is_refused(day: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NoteClientDate.model_validate({**command(NoteClientDate).model_dump(), **day})
    assert field in str(refused.value)


@pytest.mark.parametrize("year", [None, 1996, 2000])
def test_29_february_is_a_day_of_a_leap_year_or_of_no_year(year: int | None) -> None:
    assert command(NoteClientDate, month=2, day=29, year=year).day == 29


def test_of_whom_there_is_not_and_beyond_so_many_none_is_noted() -> None:
    given().when(command(NoteClientDate)).then_refused(NotFoundError, kind="client", id=ROMASHKA)
    full = on(DATES_OF_ROMASHKA, *(fact(ClientDateNoted, label=f"day {number}") for number in range(MOST_DATES)))
    given(THERE, full).when(command(NoteClientDate)).then_refused(
        TooManyDatesError, client_id=ROMASHKA, most=MOST_DATES
    )


def test_it_is_sealed_with_the_client_s_key_and_stands_in_their_history() -> None:
    [event] = given(THERE).when(command(NoteClientDate)).recorded
    assert (event.subject_id, event.parties) == (ROMASHKA, (ROMASHKA,))
    assert {"label", "on_day", "source"} == event.PERSONAL_FIELDS
