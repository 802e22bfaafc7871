"""Who takes part in an activity, and how long and where it is, as it is asked for over HTTP."""

from events.activity import ActivityHeld, ActivityPlanned
from events.client import ClientRegistered
from events.staff import StaffHired
from read_api.activities import Activity
from tests.examples import ANNA, BORIS, CALL, LUTIK, MEETING, fact
from tests.read_api.office import Office
from tests.story import given, on


def test_an_activity_says_who_takes_part_and_is_found_by_each_of_them(desk: Office) -> None:
    planned = fact(
        ActivityPlanned,
        duration_minutes=90,
        place="Lenina 1",
        participant_staff_ids=(BORIS,),
        participant_client_ids=(LUTIK,),
    )
    people = (on(BORIS, fact(StaffHired, name="Boris")), on(LUTIK, fact(ClientRegistered, name="Lutik")))
    visit = given(*people, on(MEETING, planned), on(CALL, fact(ActivityHeld))).at(desk)
    both = [
        {"staff_id": BORIS, "client_id": None, "name": "Boris"},
        {"staff_id": None, "client_id": LUTIK, "name": "Lutik"},
    ]
    told = visit.asks(f"/activities/{MEETING}")
    told.answers({"participants": both, "duration_minutes": 90, "place": "Lenina 1"})
    Activity.model_validate(told.response.json())
    visit.asks(f"/activities/{CALL}").answers({"participants": [], "duration_minutes": None, "place": None})
    for who in (BORIS, LUTIK):
        visit.asks(f"/activities?participant={who}&count=true").answers(
            {"items": [{"activity_id": MEETING}], "count": 1}
        )
    visit.asks(f"/activities?participant={ANNA}").answers({"items": []})
    # To take part is neither work nor a touch, so the lists that these are counted from do not have it.
    for name, who in (("staff", BORIS), ("client", LUTIK)):
        visit.asks(f"/activities?{name}={who}&count=true").answers({"items": [], "count": 0})
