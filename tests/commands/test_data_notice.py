"""A client is told how their data are kept confidential, as often as there is a text or a way that is new."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.client_state import AT_ONCE
from commands.data_notice import GiveDataNotice
from events.client import ClientArchived, ClientRegistered, DataNoticeGiven
from events.values import Channel
from tests.examples import ROMASHKA, command, fact
from tests.story import BEFORE, by, given, on

THERE = on(ROMASHKA, fact(ClientRegistered))
GIVEN = on(ROMASHKA, fact(DataNoticeGiven))
TOLD = command(GiveDataNotice, occurred_at=BEFORE)


def test_it_is_kept_by_which_text_and_in_which_way_a_client_was_told() -> None:
    given(THERE).when(command(GiveDataNotice)).then(GIVEN)


@pytest.mark.parametrize("later", [timedelta(0), AT_ONCE, -AT_ONCE])
def test_told_again_at_the_same_time_nothing_is_recorded(later: timedelta) -> None:
    story = given(THERE).when(TOLD)
    story.when(TOLD.model_copy(update={"occurred_at": BEFORE + later})).then(GIVEN)


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": BEFORE + 2 * AT_ONCE},
        {"occurred_at": BEFORE - 2 * AT_ONCE},
        {"text_version": "2026-07"},
        {"channel": Channel.CALL},
    ],
)
def test_later_by_another_text_or_in_another_way_it_is_a_fact_of_its_own(other: dict[str, object]) -> None:
    once_more = TOLD.model_copy(update=other)
    told = on(ROMASHKA, fact(DataNoticeGiven, text_version=once_more.text_version, channel=once_more.channel))
    given(THERE).when(TOLD).when(once_more).then(GIVEN, told)


def test_what_was_told_on_an_earlier_day_is_known_as_told_too() -> None:
    story = given(THERE).when(TOLD.model_copy(update={"occurred_at": BEFORE - 2 * AT_ONCE})).when(TOLD)
    story.when(TOLD.model_copy(update={"occurred_at": BEFORE - 2 * AT_ONCE})).then(GIVEN, GIVEN)


def test_of_a_client_put_away_it_is_kept_as_well_and_nobody_unknown_is_told() -> None:
    given(THERE, on(ROMASHKA, fact(ClientArchived))).when(TOLD, by("integration")).then(GIVEN)
    given().when(TOLD).then_refused(NotFoundError, kind="client", id=ROMASHKA)


@pytest.mark.parametrize("version", ["", "the text of June", "2026/06", "-1", "x" * 65])
def test_a_version_is_called_by_a_word(version: str) -> None:
    with pytest.raises(ValidationError, match="text_version"):
        command(GiveDataNotice, text_version=version)
