"""Who led a thing when: what was said last holds from its own moment on."""

from aggregates.leaders import Leaders, leading_at, led_from
from tests.examples import ANNA, BORIS, VERA
from tests.story import moment


def test_each_leads_from_their_moment_until_the_next_one_s() -> None:
    leaders = led_from(led_from((), moment(1), ANNA), moment(5), BORIS)

    assert leading_at(leaders, moment(0)) == (ANNA, BORIS)
    assert leading_at(leaders, moment(4)) == (ANNA, BORIS)
    assert leading_at(leaders, moment(5)) == leading_at(leaders, moment(9)) == (BORIS,)


def test_what_is_said_last_holds_from_its_moment_on() -> None:
    leaders: Leaders = ()
    for since, staff_id in ((1, ANNA), (5, BORIS), (3, VERA)):
        leaders = led_from(leaders, moment(since), staff_id)

    assert leading_at(leaders, moment(2)) == (ANNA, VERA)
    assert leading_at(leaders, moment(9)) == (VERA,)
    assert leading_at(led_from(leaders, moment(3), BORIS), moment(2)) == (ANNA, BORIS)
    assert leading_at(led_from(leaders, moment(1), BORIS), moment(2)) == (BORIS,)
