"""How a past moment is written: a day is its end in the company's zone, and what is no moment is refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from infra.log.past_log import AsOf
from read_api.reading.errors import WrongParameterError
from read_api.reading.moments import as_of_from, moment_from, period

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


# Where clocks change by night, at midnight, and on a leap day; Moscow's never do.
NIGHTS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Europe/Moscow", date(2026, 3, 29)),
    ("Europe/Berlin", date(2028, 2, 29)),
    ("America/New_York", date(2028, 2, 29)),
]


@pytest.mark.parametrize(("name", "day"), NIGHTS)
def test_a_day_is_the_same_for_the_past_for_my_day_and_for_reports(name: str, day: date) -> None:
    """Every quarter of an hour of three days is in one day, the same one for each of those who divide time by days."""
    zone = ZoneInfo(name)
    days = [day + timedelta(days=number) for number in (-2, -1, 0, 1, 2)]
    ends = [moment_from(each.isoformat(), zone) for each in days]
    periods = [period(each, each, zone) for each in days]
    begin = ends[0] + timedelta(microseconds=1)
    quarters = [begin + timedelta(minutes=15 * number) for number in range(4 * 24 * 3)]
    moments = sorted({*quarters, *ends[:-1], *(end + timedelta(microseconds=1) for end in ends[:-1])})
    with duckdb.connect() as reports:
        reports.execute("SET TimeZone = 'UTC'")
        in_reports = [
            reports.execute(
                "SELECT CAST(timezone($zone, $moment) AS DATE)", {"zone": name, "moment": moment}
            ).fetchall()
            for moment in moments
        ]
    for moment, [(in_report,)] in zip(moments, in_reports, strict=True):
        assert in_report == days[sum(moment > end for end in ends)], moment
        assert [first <= moment < last for first, last in periods] == [each == in_report for each in days], moment


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
