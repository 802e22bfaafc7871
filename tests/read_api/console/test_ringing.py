"""Which call is told of as the one that rings."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from infra.moments import moment_text
from read_api.console.page import Visit
from read_api.console.ringing import newest
from tests.read_api.console.test_words import NOW, words

VISIT = cast("Visit", SimpleNamespace(words=words("en")))


def call(ago: timedelta, **more: Any) -> dict[str, Any]:
    return {"held_at": moment_text(NOW.replace(microsecond=0) - ago), "call_status": None, **more}


def test_of_the_calls_of_one_second_the_last_one_rings() -> None:
    earlier, later = call(timedelta(seconds=2)), call(timedelta(seconds=1.75))
    assert newest(VISIT, [earlier, later, call(timedelta(0), call_status="misdial")]) is later


def test_a_call_of_long_ago_rings_no_more() -> None:
    assert newest(VISIT, [call(timedelta(minutes=6))]) is None
