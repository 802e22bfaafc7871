"""What the benchmarks compare our reports with answers as ours do, from tables and from the log: they may be timed."""

from pathlib import Path

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.bench import multiplied
from tests.bench.ground import Ground
from tests.bench.reports import HEAVIEST, reports_10m


def test_the_heaviest_questions_are_answered_alike(
    cluster: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiplied, "MONTHS", 2)
    with reports_10m(Ground(cluster, tmp_path, rounds=1, seconds=0, events=300)) as races:
        assert set(races) == set(HEAVIEST)
