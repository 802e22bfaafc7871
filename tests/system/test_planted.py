"""What people type lies open nowhere but where it is said here: a word in every text of every command, looked for."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from app.composition.wiring import ANALYTICS_FILE
from commands.base import Actor, Command
from commands.execution.pending import Accepted
from commands.execution.refusals import refusal_of
from commands.registry import ALL
from events.examples import ANNA, BORIS, DAY, FIRST_IMPORT, HOLDING, LATER, LUTIK, OLGA, ROMASHKA, VERA, example_of
from events.ids import plan_of
from events.plan import MAY
from infra.backup.backup import back_up
from infra.postgres.embedded import EmbeddedPostgres
from replay.export.export import export_log
from tests.commands.test_again import MADE
from tests.database import MASTER, copy_of
from tests.read_api.office import Office, open_office
from tests.replay.export.test_export import exported
from tests.system.asked import everything
from tests.system.company import Company, company
from tests.system.histories import Asked, request
from tests.system.planted import Words, planted

BY_ANNA = Actor(str(ANNA), "admin")

NAMED = "what a thing of the company is called"
THEIR_ID = "by what another system knows it"
OPEN = {
    "add-field-option /option /labels /en": NAMED,
    "add-field-option /option /labels /ru": NAMED,
    "add-product-alias /alias": NAMED,
    "add-stage /stage /name": NAMED,
    "bind-login /issuer": "the address of an identity provider",
    "bind-portal-login /issuer": "the address of an identity provider",
    "define-custom-field /labels /en": NAMED,
    "define-custom-field /labels /ru": NAMED,
    "define-custom-field /options /labels /en": NAMED,
    "define-custom-field /options /labels /ru": NAMED,
    "define-pipeline /name": NAMED,
    "define-pipeline /stages /name": NAMED,
    "hire-staff /branch": NAMED,
    "hire-staff /team": NAMED,
    "import-client /external_id": THEIR_ID,
    "import-deal /external_id": THEIR_ID,
    "import-product /aliases": NAMED,
    "import-product /name": NAMED,
    "import-product /series": NAMED,
    "import-staff /branch": NAMED,
    "import-staff /team": NAMED,
    "issue-api-key /name": "what an admin calls a program",
    "list-product /aliases": NAMED,
    "list-product /name": NAMED,
    "list-product /series": NAMED,
    "move-staff /branch": NAMED,
    "move-staff /team": NAMED,
    "open-branch /name": NAMED,
    "open-team /name": NAMED,
    "relabel-custom-field /labels /en": NAMED,
    "relabel-custom-field /labels /ru": NAMED,
    "relabel-field-option /option /labels /en": NAMED,
    "relabel-field-option /option /labels /ru": NAMED,
    "describe-product /unit": NAMED,
    "open-price-book /name": NAMED,
    "publish-price-book /name": NAMED,
    "rename-branch /name": NAMED,
    "rename-product /name": NAMED,
    "rename-team /name": NAMED,
    "revise-stage /stage /name": NAMED,
    "start-import /source": "what the system is called that an import comes from",
}
"""What may lie open everywhere, by where it is typed, and why; all else stands in the views in PostgreSQL alone."""

TOLD_TO = {
    "ops": {
        "hire-staff /name",
        "import-staff /name",
        "start-import /asked_by",
        "revert-import /asked_by",
        "revert-import /reason",
    }
}
"""What some are told besides: who operates all this looks colleagues up, and sees whose import was taken back why."""


def _client(client_id: Any, kind: str) -> dict[str, Any]:
    point = {"kind": "messenger", "value": f"@{client_id}"}
    return {"client_id": str(client_id), "kind": kind, "tax_id": None, "contact_points": [point]}


OTHER_PLAN = str(uuid4())
FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("hire-staff", {"staff_id": str(each)}) for each in (ANNA, BORIS)),
    ("hire-staff", {"staff_id": str(VERA), "role": "head"}),
    *(("register-client", _client(each, "organisation")) for each in (ROMASHKA, HOLDING, LUTIK)),
    ("register-client", _client(OLGA, "person")),
    *((name, {}) for name in ("define-pipeline", "list-product", "start-import", "issue-api-key")),
    *((name, {}) for name in ("affiliate-person", "open-deal", "plan-activity", "record-activity")),
    ("plan-activity", {"activity_id": OTHER_PLAN}),
    ("relate-clients", {}),
    ("define-custom-field", {}),
    ("define-custom-field", {"code": "remark", "type": "text", "options": []}),
    ("tag-client", {"tag": "old friend"}),
    ("adopt-tax-rate", {}),
    *(("agree-plan", {"staff_id": each}) for each in (str(ANNA), None)),
)
"""What is there before anything is planted: the things that the examples are about."""

IMPORTED_CLIENT, IMPORTED_DEAL, IMPORTED_CALL = (str(uuid4()) for _ in range(3))
ENTERED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("register-client", _client(IMPORTED_CLIENT, "organisation")),
    ("open-deal", {"deal_id": IMPORTED_DEAL}),
    ("record-activity", {"activity_id": IMPORTED_CALL}),
)
"""What the import entered, and what is to be taken back of it."""

ALSO: dict[str, dict[str, Any]] = {
    "add-contact-point": {"allow_duplicate": True},
    "cancel-activity": {"activity_id": OTHER_PLAN},
    # That of the company anybody may answer who heads anything.
    "contest-plan": {"plan_id": str(plan_of(None, *MAY))},
    "set-client-field": {"code": "remark"},
    "unmerge-clients": {"allow_duplicate": True},
    "register-client": {"allow_duplicate": True, "tax_id": None},
    "revert-client-tags": {"tags": [{"at": DAY.isoformat(), "tag": "old friend"}]},
    "revert-client-entry": {"client_id": IMPORTED_CLIENT},
    "revert-deal-entry": {"deal_id": IMPORTED_DEAL},
    "revert-activity-entry": {"activity_id": IMPORTED_CALL},
}
"""What a command has to say with its texts."""

LAST = (
    "withdraw-plan",
    "merge-clients",
    "unmerge-clients",
    "transfer-client",
    "release-client",
    "lose-deal",
    "reopen-deal",
    "suspend-staff",
    "reinstate-staff",
    "depart-staff",
    "archive-client",
    "restore-client",
)
"""What ends something, and what begins it again: after all others."""


class Lived(NamedTuple):
    """A company in which every command was carried out, with the words planted; its log lines, its analysts' folder."""

    company: Company
    office: Office
    words: Words
    bodies: dict[str, dict[str, Any]]
    lines: list[Any]
    folder: Path


def play_all(one: Company, words: Words) -> dict[str, dict[str, Any]]:
    """Carry out every command that takes a text: each again until it has something to do; return what they said."""
    for name, other, matter in (*((*each, None) for each in FIRST), *((*each, FIRST_IMPORT) for each in ENTERED)):
        example = example_of(ALL[name])
        body = {**example.model_dump(mode="json", include=example.model_fields_set), **other}
        answer = carry_out(one, ALL[name], body, matter=matter)
        assert isinstance(answer, Accepted), f"{name}: {answer!r}"
    bodies = {name: {**planted(kind, words), **ALSO.get(name, {})} for name, kind in ALL.items()}
    for name in MADE:
        for own in (f"{name.partition('-')[2].replace('-', '_')}_id", "code"):
            if own in bodies[name]:
                bodies[name][own] = name if own == "code" else str(uuid4())
    typed = {place.partition(" ")[0] for place in words.places.values()}
    waiting = [name for name in ALL if name in typed and name not in LAST] + [*LAST]
    for _ in range(4):
        refused = {}
        for name in [*waiting]:
            answer = carry_out(one, ALL[name], bodies[name])
            if isinstance(answer, Accepted) and answer.events:
                waiting.remove(name)
            else:
                refused[name] = repr(answer)
    assert not waiting, f"say in FIRST, ALSO or LAST what they need: {refused}"
    return {name: bodies[name] for name in typed}


def carry_out(
    one: Company, kind: type[Command], body: dict[str, Any], actor: Actor = BY_ANNA, matter: UUID | None = None
) -> Any:
    """Return the answer to one command, in the matter of an import if that is given."""
    asked = request(Asked(kind.model_validate_json(json.dumps(body)), actor), DAY)
    [answer] = one.runner.run([asked if matter is None else replace(asked, correlation_id=matter)])
    return answer


@pytest.fixture(scope="module")
def lived(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("planted")
    with copy_of(cluster, template) as database, company(database, folder) as one, capture_logs() as lines:
        words = Words()
        bodies = play_all(one, words)
        while one.follow(1000):
            pass
        with open_office(database, reports=one.analytics) as office:
            yield Lived(one, office, words, bodies, lines, folder)


def leaked(lived: Lived, text: str) -> set[str]:
    """Return where the words of a text were typed that may not be in it."""
    return lived.words.found_in(text) - OPEN.keys()


def tables(owner: psycopg.Connection[Any], condition: str) -> list[str]:
    """Return every row of every table of some schemas, as text; what is in bytes as hexadecimal digits."""
    named = owner.execute(f"SELECT schemaname, tablename FROM pg_tables WHERE {condition}".encode()).fetchall()
    return [
        text
        for place in named
        for (text,) in owner.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(*place)))
    ]


def test_what_people_type_lies_open_nowhere(lived: Lived, tmp_path: Path) -> None:
    """Neither in the log, in what is kept beside it, and in copies of both, nor in the analysts' file."""
    database, analytics = lived.company.database, lived.company.analytics
    with psycopg.connect(database.owner_url) as owner:
        kept = tables(owner, "schemaname = 'letopis'")
        shown = tables(owner, "schemaname NOT IN ('letopis', 'pg_catalog', 'information_schema')")
    assert lived.words.found_in("\n".join(kept)) == set(OPEN)
    # Nothing is proved by words that were never there.
    assert len(leaked(lived, "\n".join(shown))) > 50
    assert export_log(database.projector_url, tmp_path / "export").events > 0
    assert leaked(lived, repr(exported(tmp_path / "export"))) == set()
    back_up(database.owner_url, MASTER, tmp_path / "backup")
    packed = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    read = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in packed]
    assert b"deal.lost" in b"".join(read)
    files = [path.read_bytes() for path in lived.folder.glob(f"{ANALYTICS_FILE}*")]
    with analytics._reading() as file, file.cursor() as cursor:
        names = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        rows = [cursor.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names]
    assert leaked(lived, repr(rows)) == set()
    assert leaked(lived, b"".join(read + files).decode("latin-1")) == set()
    assert leaked(lived, repr(lived.lines)) == set()


@pytest.mark.parametrize("role", ["analyst", "integration", "ops"])
def test_who_meets_no_client_is_told_nothing_that_people_typed(lived: Lived, role: str) -> None:
    told = [lived.office.get("/events?limit=1000", role=role), lived.office.get("/analytics", role=role)]
    for query in {one.path.partition("?")[0]: one for one in reversed(everything())}.values():
        told += [query.of(lived.office, moment, role=role) for moment in (None, LATER.isoformat())]
    may = TOLD_TO.get(role, set())

    def told_in(answer: httpx.Response) -> set[str]:
        return leaked(lived, answer.text + repr(answer.headers)) - may

    assert sum(answer.status_code == 200 for answer in told) > (8 if role == "analyst" else 1)
    assert {f"{answer.url}": found for answer in told if (found := told_in(answer))} == {}


def test_a_refusal_on_record_says_nothing_that_was_typed(lived: Lived) -> None:
    refused = []
    for name, body in lived.bodies.items():
        for actor in (BY_ANNA, Actor(str(BORIS), "seller"), Actor("shop", "integration")):
            answer = carry_out(lived.company, ALL[name], body, actor)
            if isinstance(answer, Exception):
                refused.append(refusal_of(actor, name, body, answer))
    assert len([each for each in refused if each]) > 20
    assert leaked(lived, repr(refused) + repr(lived.lines)) == set()
