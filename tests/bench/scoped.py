"""What it costs that somebody sees a part: the same reads by a seller and a head, against one who sees everything."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from read_api import views
from tests.bench.commands import write_side
from tests.bench.filled import fill
from tests.bench.ground import Ground, Place
from tests.bench.http import Asked, http_race, letopis, token
from tests.bench.measuring import Race
from tests.bench.reads import READS

CLIENTS = 1_000_000
SELLER, HEAD = UUID(int=1_001), UUID(int=1_002)
BRANCH, ELSEWHERE = UUID(int=2_001), UUID(int=2_002)
OF_BRANCH, STRANGERS = ([UUID(int=block + number) for number in range(200)] for block in (3_000, 4_000))

# Of ten thousand copies of a hundred models: 500 the seller's, every fifth of the others somebody's of the branch.
OWNER = f"""CASE
    WHEN r.model = 1 AND n %% 20 = 0 THEN '{SELLER}'::uuid
    WHEN n %% 5 = 1 THEN ('{{{",".join(map(str, OF_BRANCH))}}}'::uuid[])[1 + n / 5 %% 200]
    ELSE ('{{{",".join(map(str, STRANGERS))}}}'::uuid[])[1 + n %% 200]
END"""

_STAFF = """
INSERT INTO staff_directory_g1.staff_directory
    (staff_id, name, role, branch_id, hired_at, date_unknown, version, position)
SELECT s.id, 'Белов Иван', %s, %s, now(), false, 1, 1
FROM unnest(%s::uuid[]) AS s (id)"""


def _staff(place: Place) -> None:
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        for role, branch, people in (
            ("seller", None, [SELLER]),
            ("head", BRANCH, [HEAD]),
            ("seller", BRANCH, OF_BRANCH),
            ("seller", ELSEWHERE, STRANGERS),
        ):
            connection.execute(_STAFF, [role, branch, people])
        connection.execute("ANALYZE staff_directory_g1.staff_directory")


def _clients_of(place: Place, owners: Sequence[UUID]) -> list[str]:
    wanted = (
        f"SELECT client_id::text FROM read.{views.CLIENT_CARD} WHERE owner_id = ANY(%s) ORDER BY md5(client_id::text)"
    )
    with psycopg.connect(place.urls.owner) as connection:
        return [each for (each,) in connection.execute(f"{wanted} LIMIT 5000".encode(), [list(owners)])]


@contextmanager
def reads_scoped_1m(ground: Ground) -> Iterator[Mapping[str, Race]]:
    """Who sees a part of a million clients reads at least nine tenths as fast as who sees everything.

    A seller who owns 500 and sees nobody else's, and the head of a branch whose 200 sellers own 200,000, evenly spread
    over the names. The baseline is the same question to the same service by an administrator; card and timeline are
    those of the caller's clients on both sides. Unfair would be clients who are nobody's: everybody sees them.
    """
    with ground.place("scoped") as place:
        with write_side(place):
            pass
        fill(place, CLIENTS, OWNER)
        _staff(place)
        with letopis(place, "api") as port:

            def asked(paths: list[str], who: str) -> Asked:
                options: Mapping[str, Any] = {"paths": paths, "token": who}
                return port, "getting", lambda: options

            races = {}
            for name, who, role, owners in (("seller", SELLER, "seller", [SELLER]), ("head", HEAD, "head", OF_BRANCH)):
                ids = _clients_of(place, owners)
                for read, paths in READS.items():
                    mine, everybodys = (asked(paths(ids), each) for each in (token(place, who, role), token(place)))
                    races[f"{name}_{read}"] = http_race(ground, mine, everybodys, baseline="asked by an administrator")
            yield races
