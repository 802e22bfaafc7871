"""The staff as they are asked for over HTTP, and what each did in a period."""

from datetime import date

from events.activity import ActivityHeld, CallClassified
from events.branch import BranchOpened
from events.client import ClientClaimed, ClientTransferred
from events.deal import DealHandedOver, DealLost, DealOpened, DealReopened, DealWon
from events.examples import EAST, NORTH, PERM, WEST
from events.staff import StaffDeparted, StaffHired, StaffMoved
from events.team import TeamOpened
from events.values import CallStatus, Channel, StaffRole
from read_api.reading.answer import Page
from read_api.staff import Counters, StaffMember
from tests.examples import ANNA, BORIS, CALL, MEETING, OTHER_SALE, ROMASHKA, SALE, VERA, fact
from tests.read_api.office import Office, nth
from tests.story import given, moment, on

STAFF = (
    on(EAST, fact(TeamOpened)),
    on(WEST, fact(TeamOpened, name="West")),
    on(NORTH, fact(BranchOpened)),
    on(PERM, fact(BranchOpened, name="Perm")),
    on(VERA, fact(StaffHired, name="Вера", role=StaffRole.HEAD, head_id=None)),
    on(ANNA, fact(StaffHired, name="Анна"), fact(StaffMoved, to_head_id=VERA)),
    on(BORIS, fact(StaffHired, name="Борис"), fact(StaffDeparted, successor_id=ANNA)),
)


def test_the_staff_are_listed_by_name(desk: Office) -> None:
    anna = {"staff_id": ANNA, "name": "Анна", "role": "seller", "team": "West", "branch": "Perm", "head_id": VERA}
    boris = {"staff_id": BORIS, "hired_at": moment(8), "departed_at": moment(9), "successor_id": ANNA}

    visit = given(*STAFF).at(desk)
    told = visit.asks("/staff")

    told.answers({"items": [{**anna, "version": 2, "position": 7}, boris, {"name": "Вера"}], "next": None})
    visit.asks(f"/staff/{ANNA}").answers({**anna, "version": 2, "position": 7})
    Page[StaffMember].model_validate(told.response.json())


def test_the_staff_are_filtered_by_role_place_head_and_being_there(desk: Office) -> None:
    visit = given(*STAFF).at(desk)

    for query, names in (
        ("active=true", ["Анна", "Вера"]),
        ("active=false", ["Борис"]),
        ("role=head", ["Вера"]),
        ("branch=Perm", ["Анна"]),
        ("team=East", ["Борис", "Вера"]),
        (f"head={VERA}&active=true", ["Анна"]),
    ):
        visit.asks(f"/staff?{query}").answers({"items": [{"name": name} for name in names]})


def test_what_is_counted_for_whom(desk: Office) -> None:
    task, misdial = fact(ActivityHeld, channel=Channel.TASK), fact(CallClassified, to_status=CallStatus.MISDIAL)
    call = fact(ActivityHeld, channel=Channel.CALL)
    visit = given(
        *STAFF,
        on(MEETING, task),
        on(CALL, call, misdial),
        on(nth(3), call, fact(CallClassified)),
        on(nth(4), fact(ActivityHeld, channel=Channel.EMAIL, is_offer=True)),
        on(SALE, fact(DealOpened), fact(DealHandedOver), fact(DealLost, seller_id=BORIS)),
        on(OTHER_SALE, fact(DealOpened, seller_id=BORIS), fact(DealWon), fact(DealReopened), fact(DealWon)),
        on(ROMASHKA, fact(ClientClaimed), fact(ClientTransferred)),
    ).at(desk)

    # The call whose status was said twice counts once, the misdial and the task do not.
    visit.asks(f"/staff/{ANNA}/counters?from=2026-01-01&to=2026-12-31").answers(
        {"contacts": 2, "calls": 1, "meetings": 0, "offers": 1, "deals_opened": 1, "deals_won": 1, "deals_lost": 0}
        | {"clients_claimed": 1, "won": [{"currency": "USD", "amount": "4500.00"}]}
    )
    visit.asks(f"/staff/{BORIS}/counters?from=2026-01-01&to=2026-12-31").answers(
        {"contacts": 0, "deals_opened": 1, "deals_won": 0, "deals_lost": 1, "clients_claimed": 0, "won": []}
    )


def test_counters_add_the_days_of_a_period_up(desk: Office) -> None:
    held, won = fact(ActivityHeld), fact(DealWon)
    visit = given(
        *STAFF,
        on(CALL, held, occurred_at=moment(-24)),
        on(CALL, held, occurred_at=moment(0)),
        on(SALE, won, occurred_at=moment(0)),
        on(OTHER_SALE, won, occurred_at=moment(24)),
    ).at(desk)
    first, last = date(2026, 3, 2), date(2026, 3, 3)

    told = visit.asks(f"/staff/{ANNA}/counters?from={first}&to={last}")

    told.answers(
        {
            "name": "Анна",
            "from_day": first,
            "to_day": last,
            "contacts": 1,
            "meetings": 1,
            "deals_won": 2,
            "won": [{"currency": "USD", "amount": "9000.00"}],
        }
    )
    Counters.model_validate(told.response.json())
    visit.asks(f"/staff/{ANNA}/counters?from=2025-01-01&to=2025-01-02").answers({"contacts": 0, "won": []})
    # Of a month that is over its end says which: it begins with its own first day, not with this month's.
    visit.asks(f"/staff/{ANNA}/counters?to={last}").answers({"from_day": date(2026, 3, 1), "deals_won": 2})
    visit.asks(f"/staff/{ANNA}/counters?from=0001-01-01&to=9999-12-31").answers({"contacts": 1, "deals_won": 2})
    visit.asks(f"/staff/{CALL}/counters").refuses(404, "not-found")
