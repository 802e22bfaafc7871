"""The company of very many clients that benchmarks read: copies that are like their models, whatever the views have."""

from pathlib import Path

import psycopg
import pytest

from app.database import Urls
from app.settings import Settings
from tests.bench.filled import MODELS, fill
from tests.bench.ground import Place
from tests.database import MASTER, Database


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Place:
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    return Place(database.name, Settings(_env_file=None, var=tmp_path), MASTER, urls)


def test_every_copy_is_like_its_model(place: Place) -> None:
    fill(place, 3 * MODELS)
    with psycopg.connect(place.urls.owner) as connection:
        for table, whose in (
            ("client_card", "client_id"),
            ("activities", "client_id"),
            ("client_timeline", "party_id"),
        ):
            counted = f"SELECT count(*), count(DISTINCT {whose}) FROM {table}_g1.{table}"
            rows, clients = connection.execute(counted.encode()).fetchone() or (0, 0)
            (models,) = connection.execute(f"SELECT count(*) FROM {table}_model".encode()).fetchone() or (0,)
            assert (rows, clients) == (3 * models, 3 * MODELS), table
