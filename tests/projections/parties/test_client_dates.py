"""A day has a row as long as it is remembered, as MM-DD, with the year if it is known."""

from events.client_date import ClientDateDropped, ClientDateNoted, YearlyDay
from events.examples import DATES_OF_ROMASHKA
from projections.parties.client_dates import ClientDateRow, client_dates
from tests.examples import ROMASHKA, fact
from tests.story import given, moment, on

NOTED = fact(ClientDateNoted)


def test_the_last_one_noted_counts_until_it_is_dropped() -> None:
    row = ClientDateRow(ROMASHKA, "founded", "founded", None, "02-29", 1996, "their website", moment(1))
    given(on(DATES_OF_ROMASHKA, NOTED)).shows(client_dates, row)
    other = fact(ClientDateNoted, on_day=YearlyDay(month=3, day=1))
    given(on(DATES_OF_ROMASHKA, NOTED, other)).shows(
        client_dates, row._replace(month_day="03-01", year=None, noted_at=moment(2))
    )
    given(on(DATES_OF_ROMASHKA, NOTED, fact(ClientDateDropped))).shows(client_dates)
