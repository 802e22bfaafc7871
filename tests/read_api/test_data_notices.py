"""When a client was told how their data are kept confidential, as it is asked for over HTTP."""

from events.client import ClientRegistered, DataNoticeGiven
from events.staff import StaffHired
from events.values import Channel
from read_api.client_card import ClientCard
from tests.examples import ANNA, ROMASHKA, fact
from tests.read_api.office import Office
from tests.story import given, moment, on


def test_a_card_tells_when_the_client_was_told_of_confidentiality_and_by_whom(desk: Office) -> None:
    first, second = fact(DataNoticeGiven), fact(DataNoticeGiven, text_version="2026-07", channel=Channel.CALL)
    visit = given(
        on(ANNA, fact(StaffHired)), on(ROMASHKA, fact(ClientRegistered)),
        on(ROMASHKA, first, actor="shop"), on(ROMASHKA, second, actor=ANNA),
    ).at(desk)  # fmt: skip
    by_anna = {"text_version": "2026-07", "channel": "call", "given_at": moment(4), "actor": ANNA,
               "staff_id": ANNA, "staff_name": "Anna"}  # fmt: skip
    by_the_shop = {"text_version": "2026-06", "channel": "email", "given_at": moment(3), "actor": "shop",
                   "staff_id": None, "staff_name": None}  # fmt: skip
    card = visit.asks(f"/clients/{ROMASHKA}").answers({"data_notices": [by_anna, by_the_shop]})
    ClientCard.model_validate(card.response.json())
    told = {"topic": "client.data_notice_given", "channel": "call", "details": {"text_version": "2026-07"}}
    visit.asks(f"/clients/{ROMASHKA}/timeline?limit=1").answers({"items": [told]})
