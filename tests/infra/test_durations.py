"""Every duration is counted once, in the bucket it belongs to, whichever process and thread it comes from."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.durations import BOUNDS, SUM, Durations


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(-0.5, 0), (0.0, 0), (0.001, 0), (0.0011, 1), (0.0025, 1), (1.0, 9), (1.001, 10), (30.0, 13), (31.0, 14)],
)
def test_each_is_counted_in_the_first_bucket_that_it_fits_in(seconds: float, bucket: int) -> None:
    durations = Durations()
    durations.add(("a",), seconds)
    (row,) = durations.told().values()
    assert [place for place, count in enumerate(row[:SUM]) if count] == [bucket]
    assert row[SUM] == max(seconds, 0)


def test_what_processes_took_and_told_adds_up_to_what_they_counted() -> None:
    workers, all_of_them, alone = [Durations() for _ in range(3)], Durations(), Durations()
    for number in range(300):
        key, seconds = (f"route {number % 4}",), number / 100
        alone.add(key, seconds)
        workers[number % 3].add(key, seconds)
        if number % 50 == 0:
            all_of_them.add_all(workers[number % 3].take())
    for worker in workers:
        all_of_them.add_all(worker.take())
        assert worker.take() == {}
    assert [row[:SUM] for row in all_of_them.told().values()] == [row[:SUM] for row in alone.told().values()]
    assert [row[SUM] for row in all_of_them.told().values()] == pytest.approx([r[SUM] for r in alone.told().values()])


def test_threads_that_count_at_once_lose_none() -> None:
    durations, taken = Durations(), Durations()

    def count(_number: int) -> None:
        for _ in range(2_000):
            durations.add(("a",), 0.002)

    with ThreadPoolExecutor(4) as pool:
        counting = [pool.submit(count, number) for number in range(4)]
        while not all(each.done() for each in counting):
            taken.add_all(durations.take())
    taken.add_all(durations.take())
    assert sum(taken.told()["a",][:SUM]) == 8_000


def test_the_bounds_reach_from_a_millisecond_to_half_a_minute() -> None:
    assert list(BOUNDS) == sorted(set(BOUNDS))
    assert (BOUNDS[0], BOUNDS[-1]) == (0.001, 30.0)
