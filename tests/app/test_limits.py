"""Who asks too much is told to come again, in however many processes; a list of numbers is gone through slowly."""

import pytest

from app.composition.limits import turns_of_reads
from app.settings import Settings
from read_api.reading.errors import TooManyReadsError


def taken(settings: Settings, question: str, caller: str = "anna", tries: int = 5_000) -> int:
    """Return how many questions one process lets through at once."""
    take = turns_of_reads(settings)
    for number in range(tries):
        try:
            take(caller, question)
        except TooManyReadsError:
            return number
    return tries


def of(**more: object) -> Settings:
    return Settings(_env_file=None, reads_per_second=1, reads_burst=100, searches_per_minute=20, **more)  # type: ignore[arg-type]


def test_all_processes_together_give_no_more_than_is_said() -> None:
    assert taken(of(), "list_clients") == 100
    assert taken(of(workers=4), "list_clients") * 4 == 100


def test_searches_by_a_number_have_a_limit_of_their_own() -> None:
    for question in ("search_clients", "find_owners"):
        assert taken(of(), question) == 20
    take = turns_of_reads(of())
    for _ in range(20):
        take("anna", "search_clients")
    take("anna", "get_client")
    take("boris", "search_clients")
    with pytest.raises(TooManyReadsError) as refused:
        take("anna", "find_owners")
    assert refused.value.facts == {"retry_after": 3, "limit": 20, "remaining": 0, "commands": 1}


def test_nought_is_no_limit() -> None:
    free = Settings(_env_file=None, reads_per_second=0, searches_per_minute=0)
    assert taken(free, "search_clients") == 5_000
