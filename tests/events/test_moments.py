"""In which zone facts say a moment."""

from events.activity import ActivityRescheduled
from tests.examples import fact


def test_a_fact_says_a_moment_in_utc_however_it_was_stored() -> None:
    stored = fact(ActivityRescheduled).clear_json().replace(b"2026-06-09T09:00:00Z", b"2026-06-09T14:45:00+05:45")
    assert b"+05:45" in stored
    assert ActivityRescheduled.model_validate_json(stored).clear_json() == fact(ActivityRescheduled).clear_json()
