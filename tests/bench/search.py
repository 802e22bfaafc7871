"""How fast clients are found among very many (`python -m tests.bench.search`).

The views have 1,000,000 clients with the names of `people`, 40 sellers who own nine of ten of them, and no facts behind
them. One caller asks over HTTP, one question after the other, each kind for some seconds: by an identity, by words of
a name, by a name with a slip in one word, and as it is typed, one question for each key. Who asks is an administrator,
then a seller who sees what is theirs and nobody's. Printed are the milliseconds from a question to its whole answer,
and the bytes of a client in the table and in the index.
"""

import argparse
import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import psycopg

from app.logs import configure_logs
from infra.names.search import indexed
from infra.projector.folding import RowAt
from infra.projector.row_store import RowStore
from infra.words import name_of
from projections.parties.card_row import ClientCardRow
from projections.parties.client_card import client_card
from projections.registry import PROJECTIONS
from tests.bench.commands import write_side
from tests.bench.filled import side_by_side, taken_off
from tests.bench.ground import Place, ground
from tests.bench.http import letopis, token
from tests.bench.measuring import commit, machine
from tests.bench.people import people
from tests.bench.rebuild_under_load import WARNING
from tests.bench.samples import SELLERS, phone_of
from tests.bench.views import projected_up_to

CLIENTS = 1_000_000
SECONDS = 20.0
WARM = 10
"""Questions of each kind before those that are measured."""

TABLE = "client_card"
DAY = datetime(2026, 1, 1, tzinfo=UTC)

_STAFF = """
INSERT INTO staff_directory_g1.staff_directory (staff_id, name, role, hired_at, date_unknown, version, position)
SELECT s.id, 'Белова Анна ' || s.number, 'seller', now(), false, 1, 1
FROM unnest(%s::uuid[]) WITH ORDINALITY AS s (id, number)"""

Question = tuple[str, Mapping[str, Any]]
"""A path, and the parameters of a GET or, of a path that is posted to, the body."""


def cards(clients: int) -> Iterator[RowAt]:
    """Give the rows of so many clients, nine of ten of which are somebody's."""
    for number, (kind, name) in enumerate(islice(people(), clients)):
        folded, phone = name_of(name), phone_of(number)
        point = {"kind": "phone", "value": phone, "key": phone, "label": None, "source": "bench", "order": 1}
        yield RowAt(
            ClientCardRow(
                client_id=UUID(int=(0x0190 << 112) + number),
                kind=kind,
                name=name,
                name_sort=folded.sort_key,
                name_terms=indexed(folded.words),
                identity_keys=[f"phone:{phone}"],
                contact_points={f"phone:{phone}": point},
                owner_id=SELLERS[number % len(SELLERS)] if number % 10 else None,
                lifecycle="prospect",
                registered_at=DAY,
                source="bench",
                version=1,
            ),
            1,
        )


def fill(place: Place, clients: int) -> dict[str, float]:
    """Let the view have so many clients, and return the bytes that each takes in the table and in the index."""
    projected_up_to(place, PROJECTIONS, 1)
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        connection.execute(_STAFF, [list(SELLERS)])
        indexes = taken_off(connection, TABLE)
        RowStore(connection, client_card, f"{TABLE}_g1").fill(connection, cards(clients))
        began = time.perf_counter()
        side_by_side(place, [(statement, None) for statement in indexes])
        took = time.perf_counter() - began
        connection.execute(f"VACUUM ANALYZE {TABLE}_g1.{TABLE}")
        sizes = connection.execute(
            "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relnamespace = %s::regnamespace",
            [f"{TABLE}_g1"],
        ).fetchall()
    by_name = {str(name): size / clients for name, size in sizes}
    return {"table": by_name[TABLE], "index": by_name["client_card_by_name_term"], "seconds_of_indexes": took}


def _slipped(word: str, random: Random) -> str:
    """Return a word with one letter lacking, another, doubled wrongly or out of order, not the first."""
    at = random.randrange(1, len(word) - 1)
    return random.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + random.choice("аеиолнрст") + word[at + 1 :],
            word[:at] + random.choice("аеиолнрст") + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def _by_name(text: str) -> Question:
    return "/clients", {"q": text, "limit": 50}


def _long_words(name: str) -> list[str]:
    return [word for word in name_of(name).words if len(word) > 4]


def identities(random: Random) -> Iterator[Question]:
    """Give phones of clients there are."""
    while True:
        yield "/clients/search", {"phone": phone_of(random.randrange(CLIENTS))}


def owners(random: Random) -> Iterator[Question]:
    """Give the same, asking whose they are."""
    yield from (("/clients/owners", asked) for _, asked in identities(random))


def whole_words(random: Random) -> Iterator[Question]:
    """Give words of names: of persons the first and the second one, of others all."""
    for _, name in people(seed=random.randrange(1 << 30)):
        yield _by_name(" ".join(name_of(name).words[:2]))


def slips(random: Random) -> Iterator[Question]:
    """Give the same with a slip in one word."""
    for _, name in people(seed=random.randrange(1 << 30)):
        typed = name_of(name).words[:2]
        long = [at for at, word in enumerate(typed) if len(word) > 4]
        if long:
            at = random.choice(long)
            typed[at] = _slipped(typed[at], random)
            yield _by_name(" ".join(typed))


def slips_alone(random: Random) -> Iterator[Question]:
    """Give one word with a slip."""
    for _, name in people(seed=random.randrange(1 << 30)):
        if long := _long_words(name):
            yield _by_name(_slipped(random.choice(long), random))


def typing(random: Random) -> Iterator[Question]:
    """Give what stands in the field after each key of two words."""
    for _, name in people(seed=random.randrange(1 << 30)):
        typed = " ".join(name_of(name).words[:2])
        yield from (_by_name(typed[:end].strip()) for end in range(1, len(typed) + 1))


def other_layout(random: Random) -> Iterator[Question]:
    """Give names that were typed in the other layout."""
    keys = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`")
    yield from ((path, {**asked, "q": asked["q"].translate(keys)}) for path, asked in whole_words(random))


KINDS: tuple[Callable[[Random], Iterator[Question]], ...] = (
    identities,
    owners,
    whole_words,
    slips,
    slips_alone,
    typing,
    other_layout,
)


def _asked(client: httpx.Client, question: Question) -> float:
    path, given = question
    began = time.perf_counter()
    answer = client.post(path, json=given) if path != "/clients" else client.get(path, params=given)
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, (question, answer.text)
    return took


def measured(client: httpx.Client, questions: Iterator[Question], seconds: float) -> dict[str, Any]:
    """Ask one question after the other; return the milliseconds that answers took, and the slowest question."""
    for question in islice(questions, WARM):
        _asked(client, question)
    took: list[tuple[float, str]] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        question = next(questions)
        took.append((_asked(client, question), json.dumps(question[1], ensure_ascii=False)))
    took.sort()

    def at(share: float) -> float:
        return round(took[min(len(took) - 1, int(len(took) * share))][0], 1)

    return {"asked": len(took), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "slowest": took[-1]}


def run(place: Place, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each kind of question with what it took, by an administrator and by a seller."""
    with letopis(place, "api") as port:
        for who, bearer in (("admin", token(place)), ("seller", token(place, SELLERS[1], "seller"))):
            headers = {"Authorization": f"Bearer {bearer}"}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
                for kind in KINDS:
                    yield f"{who}: {kind.__name__}", measured(client, kind(Random(7)), seconds)


def main() -> None:
    """Measure, and print a line of JSON a part."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clients", type=int, default=CLIENTS)
    arguments.add_argument("--seconds", type=float, default=SECONDS)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    configure_logs(level=WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(json.dumps({"machine": machine(), "commit": commit()}), flush=True)
    with ground(is_quick=True, events=None, folder=given.folder) as found, found.place("search") as place:
        with write_side(place):
            pass
        print(json.dumps({"bytes": fill(place, given.clients)}), flush=True)
        for name, took in run(place, given.seconds):
            print(json.dumps({name: took}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
