"""How a past moment is written: a day is its end in the company's zone, and what is no moment is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from infra.log.past_log import AsOf
from read_api.reading.errors import WrongParameterError
from read_api.reading.moments import as_of_from

MOSCOW, NEW_YORK = ZoneInfo("Europe/Moscow"), ZoneInfo("America/New_York")
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
END_OF_DAY = datetime(2026, 6, 30, 20, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-06-30T12:00:00Z", AsOf(recorded=NOON)),
        ("2026-06-30T15:00+03:00", AsOf(recorded=NOON)),
        ("2026-06-30", AsOf(recorded=END_OF_DAY)),
        ("recorded:2026-06-30", AsOf(recorded=END_OF_DAY)),
        ("occurred:2026-06-30T12:00:00Z", AsOf(occurred=NOON)),
        ("occurred:2026-06-30T12:00:00Z,recorded:2026-06-30", AsOf(occurred=NOON, recorded=END_OF_DAY)),
        ("2026-06-30,occurred:2026-06-30T12:00:00Z", AsOf(occurred=NOON, recorded=END_OF_DAY)),
    ],
)
def test_a_moment_says_what_counts(text: str, meant: AsOf) -> None:
    assert as_of_from(text, MOSCOW) == meant


def test_a_day_ends_where_the_next_begins_also_when_clocks_change() -> None:
    autumn = as_of_from("2026-11-01", NEW_YORK).recorded
    assert autumn == datetime(2026, 11, 2, 4, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-06-31",
        "20260630",
        "2026-06-30T12:00:00",
        "2026-06-30 12:00:00Z",
        "2026-06-30T12:00:00 03:00",
        "2026-06-30T25:00:00Z",
        "9999-12-31",
        "0001-01-01T00:00:00+05:00",
        "1751284800",
        "now:2026-06-30",
        "occurred:",
        "occurred:2026-06-30,occurred:2026-06-30",
        "2026-06-30,2026-06-29",
        "2026-06-30,",
        "²026-06-30",
        "2026-06-30\x00",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(WrongParameterError) as refused:
        as_of_from(text, MOSCOW)
    assert refused.value.facts["errors"] == [{"pointer": "/as_of", "in": "query", "code": "not-a-past-moment"}]
