"""Dask, with workers of its own over the exported log, makes row for row what our rebuild makes.

`make test-scale` installs Dask and runs this; `make test` leaves it out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from distributed import Client, LocalCluster

from app.composition.decoding import decoder_at, decoder_factory
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.projection import Projection
from infra.projector.projector import build
from projections.registry import PROJECTIONS
from replay.export.export import ExportError, export_log, parts_of
from replay.export.fold_export import fold_export, plain_row
from tests.bench.made_log import append_made_log
from tests.database import MASTER, Database, copy_of
from tests.infra.projector.looking import in_table
from tests.projections.analytics.history import write_log
from tests.projections.test_old_payloads import PAYLOADS, stored

MADE = 6_000


class Exported(NamedTuple):
    """A log of golden payloads and of made clients with encrypted names, and the folder it was exported to."""

    database: Database
    folder: Path


@pytest.fixture(scope="module")
def exported(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    folder = tmp_path_factory.mktemp("exported")
    with copy_of(cluster, template) as database:
        append_made_log(database.owner_url, MASTER, MADE)
        write_log(database.owner_url, [stored(*each) for each in PAYLOADS], after=MADE)
        export_log(database.projector_url, folder, step=1_000)
        assert len(parts_of(folder)) > MADE // 1_000
        yield Exported(database, folder)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers,
        Client(workers) as client,
    ):
        yield client


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.name)
def test_dask_makes_the_rows_that_our_rebuild_makes(
    exported: Exported, client: Client, projection: Projection[Any]
) -> None:
    url = exported.database.projector_url
    decoder = decoder_factory(url, MASTER)
    frame = fold_export(projection, exported.folder, decoder, shares=5).compute()
    theirs = sorted(frame.itertuples(index=False, name=None), key=repr)

    build(projection, decoder_at(url, MASTER), url)
    there = in_table(url, projection).values()
    assert theirs == sorted(((*plain_row(one.row), one.position) for one in there), key=repr)
    assert theirs


def test_a_folder_with_a_hole_is_refused(exported: Exported, client: Client, tmp_path: Path) -> None:
    month = tmp_path / "recorded_month=2026-01"
    month.mkdir()
    (month / "000000000002-000000000003.parquet").touch()
    with pytest.raises(ExportError, match="from position 1 on is missing"):
        fold_export(PROJECTIONS[0], tmp_path, decoder_factory(exported.database.projector_url, MASTER), shares=2)
