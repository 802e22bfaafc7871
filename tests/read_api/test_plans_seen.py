"""Whose plans are seen by whom: in a module of its own, since who belongs where is looked at once in a while."""

from events.examples import EAST, WEST
from events.ids import plan_of
from events.plan import Metric, Target
from events.staff import StaffHired
from events.team import TeamOpened
from tests.examples import ANNA, BORIS, fact
from tests.read_api.office import Office
from tests.read_api.test_plans import MARCH, NO_PLACE, agreed
from tests.story import given, on

DEALS = Metric.DEALS_WON


def test_nobody_sees_the_plan_of_whose_figures_they_do_not_see(desk: Office) -> None:
    """A seller sees their own plan, their team's and the company's; of another's it is as if there were none."""
    deals = Target(metric=DEALS, count=10)
    visit = given(
        on(EAST, fact(TeamOpened)),
        on(WEST, fact(TeamOpened, name="West")),
        on(ANNA, fact(StaffHired, **{**NO_PLACE, "team_id": EAST})),
        on(BORIS, fact(StaffHired, **{**NO_PLACE, "team_id": WEST})),
        agreed(ANNA, deals, staff_id=ANNA), agreed(BORIS, deals, staff_id=BORIS), agreed(EAST, deals, team_id=EAST),
        agreed(WEST, deals, team_id=WEST), agreed(None, deals),
    ).at(desk)  # fmt: skip
    seen = visit.asks("/plans", role="seller", staff=ANNA).response.json()["items"]
    assert {each["plan_id"] for each in seen} == {str(plan_of(whose, *MARCH)) for whose in (ANNA, EAST, None)}
    for whose in (BORIS, WEST):
        for path in ("", "/progress"):
            assert (
                visit.asks(f"/plans/{plan_of(whose, *MARCH)}{path}", role="seller", staff=ANNA).response.status_code
                == 404
            )
