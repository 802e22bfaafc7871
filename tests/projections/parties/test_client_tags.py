"""A tag has a row as long as the client has it, under what it is compared by."""

from events.client_tag import ClientTagged, ClientUntagged
from events.examples import TAGS_OF_ROMASHKA
from projections.parties.client_tags import TagRow, client_tags
from tests.examples import ROMASHKA, fact
from tests.story import given, moment, on


def test_a_tag_stands_as_it_was_typed_first_and_goes_however_it_is_written() -> None:
    tagged = on(TAGS_OF_ROMASHKA, fact(ClientTagged), fact(ClientTagged, tag="VIP"), fact(ClientTagged, tag="vip"))
    rows = (
        TagRow(ROMASHKA, "exhibition 2026", "Exhibition 2026", moment(1)),
        TagRow(ROMASHKA, "vip", "VIP", moment(2)),
    )
    given(tagged).shows(client_tags, *rows)
    given(tagged, on(TAGS_OF_ROMASHKA, fact(ClientUntagged, tag="Vip"))).shows(client_tags, rows[0])
