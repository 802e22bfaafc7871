"""Clients are marked: each tag once, however it is written; whoever brought it keeps it."""

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.client_tag import MOST_TAGS, TagIsOfAPartError, TooManyTagsError
from commands.client_tag import TagClient, UntagClient
from events.client import ClientRegistered
from events.client_merge import ClientMergedInto, ClientsMerged
from events.client_tag import ClientTagged, ClientUntagged
from events.examples import TAGS_OF_ROMASHKA
from events.ids import tags_of
from tests.examples import LUTIK, ROMASHKA, command, fact
from tests.story import given, on

THERE = on(ROMASHKA, fact(ClientRegistered))
TAGGED = on(TAGS_OF_ROMASHKA, fact(ClientTagged))
UNTAGGED = on(TAGS_OF_ROMASHKA, fact(ClientUntagged))
MERGED = (
    THERE,
    on(LUTIK, fact(ClientRegistered)),
    on(ROMASHKA, fact(ClientsMerged)),
    on(LUTIK, fact(ClientMergedInto)),
)
OF_LUTIK = on(tags_of(LUTIK), fact(ClientTagged, client_id=LUTIK))


@pytest.mark.parametrize("tag", ["Exhibition 2026", "EXHIBITION\u00a0 2026 ", "Exhibition\u200b 2026"])
def test_a_tag_is_given_once_however_it_is_written(tag: str) -> None:
    given(THERE).when(command(TagClient)).when(command(TagClient, tag=tag)).then(TAGGED)


def test_a_tag_is_taken_away_by_any_way_to_write_it_and_can_be_given_anew() -> None:
    given(THERE, TAGGED).when(command(UntagClient, tag="exhibition 2026")).then(UNTAGGED)
    given(THERE, TAGGED, UNTAGGED).when(command(TagClient)).then(TAGGED)


def test_what_a_client_has_not_is_taken_away_without_a_word() -> None:
    given(THERE).when(command(UntagClient)).then()
    given(THERE, TAGGED).when(command(UntagClient, tag="VIP")).then()


@pytest.mark.parametrize("tag", ["", "  ", "\u200b", "x" * 51, "a\x00b"])
def test_what_nobody_can_read_is_no_tag(tag: str) -> None:
    with pytest.raises(ValidationError):
        TagClient(client_id=ROMASHKA, tag=tag)


def test_of_whom_there_is_not_and_beyond_so_many_there_is_none() -> None:
    given().when(command(TagClient)).then_refused(NotFoundError, kind="client", id=ROMASHKA)
    full = on(TAGS_OF_ROMASHKA, *(fact(ClientTagged, tag=f"tag {number}") for number in range(MOST_TAGS)))
    given(THERE, full).when(command(TagClient)).then_refused(TooManyTagsError, client_id=ROMASHKA, most=MOST_TAGS)
    given(THERE, full).when(command(TagClient, tag="TAG 1")).then()


def test_a_tag_that_came_with_another_client_is_that_one_s_to_lose() -> None:
    given(*MERGED, OF_LUTIK).when(command(UntagClient)).then_refused(
        TagIsOfAPartError, client_id=ROMASHKA, part_id=LUTIK
    )
    lost = on(tags_of(LUTIK), fact(ClientUntagged, client_id=LUTIK))
    given(*MERGED, OF_LUTIK).when(command(UntagClient, client_id=LUTIK)).then(lost)


def test_it_is_sealed_with_the_client_s_key_and_stands_in_their_history() -> None:
    [event] = given(THERE).when(command(TagClient)).recorded
    assert (event.subject_id, event.parties, event.PERSONAL_FIELDS) == (ROMASHKA, (ROMASHKA,), frozenset({"tag"}))
