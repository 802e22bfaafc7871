"""One text for one moment, whichever language writes it."""

from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from infra.moments import moment_text, postgres_text
from tests.database import Database

EAST = timezone(timedelta(hours=5, minutes=45))

wholes = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given
moments = wholes | wholes.map(lambda each: each.replace(microsecond=0))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), "2026-03-02T09:00:00Z"),
        (datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC), "2026-03-02T09:00:00.250000Z"),
        (datetime(2026, 3, 2, 2, 0, 0, 1, tzinfo=EAST), "2026-03-01T20:15:00.000001Z"),
        (datetime(1900, 1, 1, tzinfo=UTC), "1900-01-01T00:00:00Z"),
        (datetime(99, 1, 1, tzinfo=UTC), "0099-01-01T00:00:00Z"),
    ],
)
def test_a_moment_is_in_utc_with_six_digits_of_a_fraction_or_none(moment: datetime, text: str) -> None:
    assert moment_text(moment) == text


def test_facts_and_postgresql_write_it_so_whatever_the_zone_of_the_session(database: Database) -> None:
    with psycopg.connect(database.reader_url, autocommit=True, options="-c TimeZone=Asia/Kathmandu") as session:

        @given(st.lists(moments, min_size=1, max_size=60))
        def same(some: list[datetime]) -> None:
            wanted = [moment_text(moment) for moment in some]
            assert [to_json(moment).decode().strip('"') for moment in some] == wanted
            found = session.execute(
                f"SELECT {postgres_text('p.moment')}"
                " FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS p(moment, place) ORDER BY place",
                (some,),
            ).fetchall()
            assert [text for (text,) in found] == wanted

        same()
        assert session.execute(f"SELECT {postgres_text('NULL::timestamptz')}").fetchone() == (None,)
