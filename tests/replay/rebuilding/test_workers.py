"""Work is shared out among processes, which end together."""

import os
import signal
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from infra.projector.folding import PoisonEventError
from replay.rebuilding.resources import Resources
from replay.rebuilding.throttle import RebuildCancelledError
from replay.rebuilding.workers import WorkerDiedError, run_workers
from tests.toy.boxes import boxes, days, decoder


def _told(_: Any, __: Any, worker: int, tell: Any, alive: Any) -> None:
    alive()
    tell(worker)
    tell(worker + 10)


def _killed(_: Any, __: Any, worker: int, *___: Any) -> None:
    if worker == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    sleep(60)


def _poisoned(_: Any, __: Any, worker: int, *___: Any) -> None:
    if worker == 1:
        raise PoisonEventError(7, "(box.opened): it is bad")
    sleep(60)


def _cancelled(_: Any, __: Any, worker: int, *___: Any) -> None:
    if worker == 1:
        raise RebuildCancelledError("boxes")
    sleep(60)


def _named(folder: Path, _: Any, __: Any, worker: int, *___: Any) -> None:
    (folder / f"{worker}-{os.getpid()}").touch()
    sleep(60)


def nothing(_: object = None) -> None:
    """Hear, and look, at nothing."""


@pytest.mark.parametrize("workers", [1, 3])
def test_everything_that_every_worker_says_is_heard(workers: int) -> None:
    heard: list[int] = []
    run_workers(boxes, decoder, _told, workers, heard.append, nothing)
    assert sorted(heard) == sorted([*range(workers), *range(10, 10 + workers)])


@pytest.mark.parametrize(
    ("work", "error", "said"),
    [
        (_killed, WorkerDiedError, "worked on boxes ended early; nothing was changed, start again"),
        (_poisoned, PoisonEventError, "position 7 "),
        (_cancelled, RebuildCancelledError, "The rebuild of boxes was cancelled"),
    ],
)
def test_when_one_of_them_fails_all_end_and_it_is_said_why(work: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        run_workers(boxes, decoder, work, 2, nothing, nothing)


def test_who_gave_the_work_may_end_it_and_leaves_no_process_behind(tmp_path: Path) -> None:
    def look() -> None:
        if len(list(tmp_path.iterdir())) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_workers(boxes, decoder, partial(_named, tmp_path), 2, nothing, look)
    for name in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(name.name.partition("-")[2]), 0)


def test_one_process_does_a_short_log_and_what_is_not_shared_out() -> None:
    four = Resources(processes=4)
    assert four.workers(boxes, 19_999) == four.workers(days, 10**6) == 1
    assert four.workers(boxes, 20_000) == 4
