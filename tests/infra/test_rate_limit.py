"""One caller cannot take everybody's turn: so many commands a second, a burst after a rest."""

import time

import pytest

from commands.errors import TooManyRequestsError
from infra.rate_limit import REMEMBERED, RateLimit


def allowed(pace: RateLimit, actor: str, now: float, tries: int = 100) -> int:
    """Return how many commands of those tried at one moment were let through."""
    for count in range(tries):
        try:
            pace.take(actor, now=now)
        except TooManyRequestsError:
            return count
    return tries


def test_after_a_rest_a_burst_is_taken_and_then_so_many_a_second() -> None:
    pace = RateLimit(per_second=10, burst=30, error=TooManyRequestsError)
    assert allowed(pace, "a", now=100.0) == 30
    assert allowed(pace, "a", now=100.5) == 5
    assert allowed(pace, "a", now=101.5) == 10
    assert allowed(pace, "a", now=1000.0) == 30


def test_one_actor_does_not_use_up_what_is_anothers() -> None:
    pace = RateLimit(per_second=10, burst=3, error=TooManyRequestsError)
    assert allowed(pace, "a", now=1.0) == 3
    assert allowed(pace, "b", now=1.0) == 3


def test_whoever_is_refused_hears_when_to_come_again_and_may_then() -> None:
    pace = RateLimit(per_second=2, burst=10, error=TooManyRequestsError)
    allowed(pace, "a", now=1.0)
    with pytest.raises(TooManyRequestsError) as refused:
        pace.take("a", 9, now=2.0)
    assert refused.value.facts == {"retry_after": 4, "limit": 10, "remaining": 2, "commands": 9}
    pace.take("a", 9, now=2.0 + 4)


def test_to_be_refused_costs_nothing() -> None:
    pace = RateLimit(per_second=10, burst=3, error=TooManyRequestsError)
    allowed(pace, "a", now=1.0)
    for _ in range(50):
        assert allowed(pace, "a", now=1.0) == 0
    assert allowed(pace, "a", now=1.1) == 1


def test_a_batch_larger_than_the_burst_passes_after_a_rest_and_is_paid_for() -> None:
    pace = RateLimit(per_second=10, burst=5, error=TooManyRequestsError)
    pace.take("a", 100, now=1.0)
    assert allowed(pace, "a", now=10.0) == 0
    assert allowed(pace, "a", now=11.0) == 5


def test_nought_means_no_limit() -> None:
    assert allowed(RateLimit(per_second=0, burst=1, error=TooManyRequestsError), "a", now=1.0, tries=5000) == 5000


def test_those_who_are_quiet_are_forgotten() -> None:
    pace = RateLimit(per_second=10, burst=5, error=TooManyRequestsError)
    for number in range(REMEMBERED + 1):
        pace.take(str(number), now=number * 1.0)
    assert len(pace._paid_at) < 10


def test_it_costs_a_request_less_than_two_microseconds() -> None:
    pace = RateLimit(per_second=1e9, burst=1_000_000, error=TooManyRequestsError)
    best = float("inf")
    for _ in range(10):
        began = time.thread_time()
        for _ in range(20_000):
            pace.take("0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e")
        best = min(best, time.thread_time() - began)
    assert best / 20_000 < 2e-6
