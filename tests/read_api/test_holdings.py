"""What the staff hold: what becomes somebody else's when one of them leaves."""

from events.activity import ActivityHeld, ActivityPlanned
from events.client import ClientClaimed, ClientTransferred
from events.deal import DealHandedOver, DealLost, DealOpened
from events.staff import StaffDeparted, StaffHired
from events.values import StaffRole
from read_api.holdings import Holdings
from read_api.reading.answer import Page
from tests.examples import ANNA, BORIS, CALL, MEETING, OTHER_SALE, ROMASHKA, SALE, VERA, fact
from tests.read_api.office import Office, nth
from tests.story import given, on


def test_clients_open_deals_and_plans_count_for_who_has_them_now(desk: Office) -> None:
    visit = given(
        on(ANNA, fact(StaffHired, name="Анна", head_id=None)),
        on(BORIS, fact(StaffHired, name="Борис", head_id=None), fact(StaffDeparted, successor_id=ANNA)),
        on(VERA, fact(StaffHired, name="Вера", role=StaffRole.HEAD, head_id=None)),
        on(
            ROMASHKA, fact(ClientClaimed, owner_id=ANNA), fact(ClientTransferred, from_owner_id=ANNA, to_owner_id=BORIS)
        ),
        on(nth(7), fact(ClientClaimed, owner_id=ANNA)),
        on(SALE, fact(DealOpened, seller_id=ANNA)),
        on(OTHER_SALE, fact(DealOpened, seller_id=ANNA), fact(DealHandedOver, from_seller_id=ANNA, to_seller_id=BORIS)),
        on(nth(8), fact(DealOpened, seller_id=ANNA), fact(DealLost, seller_id=ANNA)),
        on(CALL, fact(ActivityPlanned, staff_id=ANNA)),
        on(MEETING, fact(ActivityPlanned, staff_id=ANNA), fact(ActivityHeld, staff_id=ANNA)),
    ).at(desk)

    told = visit.asks("/holdings?count=true")
    told.answers(
        {
            "items": [
                {"staff_id": ANNA, "name": "Анна", "clients": 1, "deals": 1, "activities": 1},
                {"staff_id": BORIS, "clients": 1, "deals": 1, "activities": 0},
                {"staff_id": VERA, "clients": 0, "deals": 0, "activities": 0},
            ],
            "count": 3,
        }
    )
    Page[Holdings].model_validate(told.response.json())
    visit.asks(f"/holdings?ids={BORIS}&active=false").answers(
        {"items": [{"staff_id": BORIS, "clients": 1}], "next": None}
    )
    visit.asks("/holdings?active=true").answers({"items": [{"name": "Анна"}, {"name": "Вера"}]})
