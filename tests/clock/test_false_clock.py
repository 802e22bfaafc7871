"""The whole installation, its own PostgreSQL included, under a clock that is wrong, leaps, or stands at odd hours.

`make test-clock` runs this under Debian's libfaketime; `make test` leaves it out.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest

from app.auth.tokens import PROGRAM
from tests.system.service import ROOT, SECRET, Service, service, wait_ready

[LIBRARY] = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
CODE = Path(f"{Path(__file__).parent / 'under'}{os.pathsep}{ROOT}")
"""Where Python looks for the code: first for how to sleep."""

ZONE = "Europe/Berlin"


def _token(actor: str, role: str) -> dict[str, str]:
    """Return the header of a token that is good by every clock here."""
    life = {"iat": datetime(2020, 1, 1, tzinfo=UTC), "exp": datetime(2050, 1, 1, tzinfo=UTC)}
    claims = {"sub": actor, "role": role, PROGRAM: True, "iss": "letopis", "aud": "letopis", **life}
    signed = jwt.encode(claims, SECRET, algorithm="HS256")
    return {"Authorization": f"Bearer {signed}"}


OPERATOR, AUDITOR = (_token(f"the {role}", role) for role in ("operator", "auditor"))
CLIENT = UUID(int=1)
START = timedelta(minutes=1)
"""So long at most a service takes to start, and one fact is recorded later than was asked for."""


class Clock:
    """What every process of the installation takes for the time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.is_off_by(timedelta(0))

    def is_off_by(self, lead: timedelta) -> None:
        """Let it go at the true pace, so much ahead or behind."""
        # In one step: who looks at half a line has no time at all.
        written = self._file.with_suffix(".new")
        written.write_text(f"{lead.total_seconds():+.0f}\n")
        written.chmod(0o644)
        written.replace(self._file)

    def stands_at(self, moment: datetime) -> None:
        """Set it to a moment, from which it goes on."""
        self.is_off_by(moment - datetime.now(UTC))

    def seen_by_all(self) -> dict[str, str]:
        """Return the environment in which processes believe it."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's own user can look into."""
    folder = Path(f"/tmp/letopis-clock-{uuid4().hex[:8]}")  # noqa: S108 - removed below
    folder.mkdir(mode=0o755)
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


@contextmanager
def running(place: Path, clock: Clock) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**clock.seen_by_all(), "LETOPIS_ZONE": ZONE}.items():
            patch.setenv(name, value)
        with service(place, "place", code=CODE) as one:
            wait_ready(one)
            yield one


def register(at: Service, name: str, client_id: UUID | None = None) -> httpx.Response:
    email = {"kind": "email", "value": f"{uuid4().hex}@clock.example"}
    body = {"client_id": str(client_id or uuid4()), "kind": "organisation", "name": name, "contact_points": [email]}
    return at.post("register-client", body, OPERATOR)


def rename(at: Service, name: str) -> int:
    answer = at.post("rename-client", {"client_id": str(CLIENT), "name": name}, OPERATOR)
    assert answer.status_code == httpx.codes.OK, answer.text
    return int(answer.json()["position"])


def name_as_of(at: Service, moment: str | None = None, position: int | None = None) -> Any:
    asked = {"as_of": moment, "min_position": position}
    answer = httpx.get(
        f"{at.address}/clients/{CLIENT}",
        params={name: value for name, value in asked.items() if value is not None},
        headers=OPERATOR,
        timeout=60,
    )
    return answer.json()["name"] if answer.status_code == httpx.codes.OK else answer.status_code


def recorded(at: Service) -> list[datetime]:
    answer = httpx.get(f"{at.address}/clients/{CLIENT}/history", headers=AUDITOR, timeout=60)
    return [datetime.fromisoformat(item["recorded_at"]) for item in answer.json()["items"]]


def test_a_clock_set_back_and_one_that_leaps_ahead(place: Path) -> None:
    clock = Clock(place)
    with running(place, clock) as one:
        assert register(one, "At first", CLIENT).status_code == httpx.codes.OK

        clock.is_off_by(-timedelta(hours=1))
        position = rename(one, "An hour behind")
        times = recorded(one)
        # Until the clock has caught up, what is recorded has the time of the last fact.
        assert times == [times[0]] * 2
        assert name_as_of(one, position=position) == name_as_of(one, times[0].isoformat()) == "An hour behind"
        assert name_as_of(one, (times[0] - timedelta(seconds=1)).isoformat()) == httpx.codes.NOT_FOUND
        ready = httpx.get(f"{one.address}/ready", timeout=60)
        assert ready.status_code == httpx.codes.OK
        [check] = [check for check in ready.json()["checks"] if check["name"] == "clock"]
        assert check["reason"], check

        clock.is_off_by(timedelta(days=365))
        refused = register(one, "A year ahead")
        assert (refused.status_code, refused.json()["code"]) == (503, "clock-ahead"), refused.text
        assert name_as_of(one) == "An hour behind"

        clock.is_off_by(timedelta(0))
        position = rename(one, "Right again")
        times = recorded(one)
        assert times == sorted(times)
        assert len(times) == 3
        assert times[2] > times[1]
        assert name_as_of(one, position=position) == "Right again"
        assert name_as_of(one, times[1].isoformat()) == "An hour behind"


def test_a_leap_day_and_the_nights_when_clocks_change(place: Path) -> None:
    clock = Clock(place)
    # Each time somewhere before midnight there, or before the hour that is missing or comes twice; then after it.
    nights = [
        ("2028-02-28", datetime(2028, 2, 28, 22, 58, tzinfo=UTC), timedelta(hours=1)),
        ("2028-02-29", datetime(2028, 2, 29, 22, 58, tzinfo=UTC), timedelta(hours=1)),
        ("2028-03-25", datetime(2028, 3, 25, 22, 58, tzinfo=UTC), timedelta(hours=2)),
        ("2028-03-26", datetime(2028, 3, 26, 21, 58, tzinfo=UTC), timedelta(hours=1)),
        ("2028-10-28", datetime(2028, 10, 28, 21, 58, tzinfo=UTC), timedelta(hours=2)),
        ("2028-10-29", datetime(2028, 10, 29, 22, 58, tzinfo=UTC), timedelta(hours=1)),
    ]
    told: dict[str, str] = {}
    for day, moment, later in nights:
        clock.stands_at(moment)
        with running(place, clock) as one:
            if not told:
                assert name_as_of(one) == httpx.codes.NOT_FOUND
                assert register(one, "At first", CLIENT).status_code == httpx.codes.OK
            rename(one, f"On {day}")
            clock.stands_at(moment + later)
            rename(one, f"After {day}")
            times = recorded(one)
            assert times == sorted(times)
            assert times[-1] - times[-2] >= later - START
            told |= {day: f"On {day}", times[-2].isoformat(): f"On {day}", times[-1].isoformat(): f"After {day}"}
            # A day ends when it ends there, be it one of 23, 24 or 25 hours.
            assert {each: name_as_of(one, each) for each in told} == told
    # The two o'clock that comes twice is two moments.
    first, second = (f"2028-10-29T02:30:00{offset}" for offset in ("+02:00", "+01:00"))
    assert datetime.fromisoformat(second) - datetime.fromisoformat(first) == timedelta(hours=1)


def test_this_is_run_under_the_library() -> None:
    assert os.access(LIBRARY, os.R_OK)
