"""The description of the interface is true and complete: every answer it promises, every refusal, every example."""

import csv
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from schemathesis import Case, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from app.demo.company import ADMIN_ID, demo_id
from app.words.openapi import OPEN_HERE, PUBLIC
from commands.execution.door import Batch
from commands.registry import COMMANDS
from infra.postgres.embedded import EmbeddedPostgres
from tests import examples
from tests.system.service import Service, demo_service, token
from tests.system.told_moments import BEGUN, ENDED, FORM, NOT_TOLD, Member, Promised, like_moments

ADMIN = token(ADMIN_ID, "admin")

CONFIG: dict[str, Any] = {
    "seed": 20260301,
    "headers": ADMIN,
    "continue-on-failure": True,
    # The coverage phase tries every boundary of every schema; a few examples more per operation are made at random.
    "generation": {"max-examples": 1, "deterministic": True, "no-shrink": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}, "coverage": {"unexpected-methods": ["DELETE"]}},
    "checks": {
        # Most well-formed commands name things that are not there: 404 and 409 are right.
        "positive_data_acceptance": {"enabled": False},
    },
    # GET /clients/search asks for the card of a client whose id is no UUID: 422, not 405.
    "operations": [
        {"include-name": "POST /clients/search", "checks": {"unsupported_method": {"enabled": False}}},
        # What is paused tells nothing new of what the other requests have made.
        {"include-name": "POST /operations/pause", "enabled": False},
    ],
}

UNKNOWN_HEADER = "in header - object with unexpected properties"
"""What is no fault: a header that a server does not know it ignores (RFC 9110, 5.1)."""

CHAINS = int(os.environ.get("LETOPIS_CHAINS", "12"))
"""How many chains of requests are tried, each along the links from what was made to the reads and commands of it."""

ALONG_LINKS: dict[str, Any] = {
    "examples": {"enabled": False},
    "coverage": {"enabled": False},
    "fuzzing": {"enabled": False},
    "stateful": {"enabled": True},
}


@dataclass(frozen=True)
class Living:
    """A service with the demo company in it."""

    service: Service
    document: dict[str, Any]

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method, path, operation


@pytest.fixture(scope="module")
def living(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    folder = tmp_path_factory.mktemp("openapi")
    with pytest.MonkeyPatch.context() as environment:
        # One caller sends everything here; how fast one may send is tested elsewhere.
        environment.setenv("LETOPIS_COMMANDS_PER_SECOND", "0")
        with demo_service(cluster, template, folder) as running:
            yield Living(running, httpx.get(f"{running.address}/openapi.json").json())


def test_the_document_is_valid_and_every_reference_leads_somewhere(living: Living) -> None:
    assert living.document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(living.document).validate()
    references = set(_references(living.document))
    assert references
    for reference in references:
        found: Any = living.document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found, reference


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def test_every_operation_says_what_a_client_generator_needs(living: Living) -> None:
    names = Counter(operation["operationId"] for _, _, operation in living.operations())
    assert [name for name, times in names.items() if times > 1] == []
    for method, path, operation in living.operations():
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["operationId"].replace("_", "").isalnum(), where
        assert bool(operation.get("security")) == (path not in PUBLIC), where
        for parameter in operation.get("parameters", []):
            assert parameter["description"], f"{where}: {parameter['name']}"
        for status, answer in operation["responses"].items():
            assert answer["description"], f"{where}: {status}"
            assert status == "304" or all("schema" in form for form in answer["content"].values()), f"{where}: {status}"


def test_two_filters_say_that_what_somebody_takes_part_in_is_found_by_a_third(living: Living) -> None:
    parameters = living.document["paths"]["/activities"]["get"]["parameters"]
    said = {each["name"]: each["description"] for each in parameters}
    assert "`participant`" in said["staff"]
    assert "`participant`" in said["client"]


def test_a_list_of_words_is_one_schema_and_no_member_has_a_default(living: Living) -> None:
    lists = httpx.get(f"{living.service.address}/labels").json()["lists"]
    named = {"".join(part.title() for part in name.split("_")): set(words) for name, words in lists.items()}
    schemas = living.document["components"]["schemas"]
    shared = {name for name, words in named.items() if set(schemas.get(name, {}).get("enum", ())) == words}
    assert shared >= {"ActivityStatus", "Channel", "ClientKind", "DealStatus", "OwnershipCause", "StaffRole"}
    elsewhere = {name: schema for name, schema in schemas.items() if name not in shared}
    written_out = [set(part["enum"]) for part in _objects([elsewhere, living.document["paths"]]) if "enum" in part]
    assert written_out
    assert not [words for words in written_out if words in named.values()]
    # openapi-typescript takes a member with a default for one that is always there.
    members = [member for schema in schemas.values() for member in schema.get("properties", {}).values()]
    assert not [member for member in members if "default" in member]
    assert schemas["RecordActivity"]["properties"]["is_offer"]["description"].endswith("Default: false.")


NO_WORDS = {
    ("Change", "kind"),
    ("ProjectionStatus", "state"),
    ("LookedAt", "purpose"),
    *((owner, "type") for owner in ("ProblemDetails", "ReportParameter", "SqlColumn", "TableColumn")),
}
"""Members that have the name of a list elsewhere.

A `stage` is a client's, or a code of the company's own pipeline; why somebody looked is said in words of their own. The
type of a custom field is a word, that of a column or a problem is not.
"""


def test_what_is_a_word_of_a_list_in_one_place_is_so_in_every_other(living: Living) -> None:
    schemas = living.document["components"]["schemas"]
    lists = {f"#/components/schemas/{name}" for name, schema in schemas.items() if "enum" in schema}
    members = [(name, *each) for name, schema in schemas.items() for each in schema.get("properties", {}).items()]
    parameters = [each for _, _, operation in living.operations() for each in operation.get("parameters", [])]
    asked = [(each["name"], each["schema"]) for each in parameters]
    words = {
        name
        for name, schema in (*asked, *((name, schema) for _, name, schema in members))
        if any(each.get("$ref") in lists for each in schema.get("anyOf", [schema]))
    } - {"stage"}
    assert len(words) > 20
    texts = {
        (owner, name)
        for owner, name, schema in members
        for each in schema.get("anyOf", [schema])
        if name in words and each.get("type") == "string" and not {"enum", "const", "format"} & set(each)
    }
    assert texts == NO_WORDS


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _objects(inner)


def test_an_item_of_a_batch_is_one_of_all_commands_by_its_name(living: Living) -> None:
    schemas = living.document["components"]["schemas"]
    told_apart = schemas["BatchItem"]["discriminator"]
    assert told_apart["propertyName"] == "command"
    assert [each["$ref"] for each in schemas["BatchItem"]["oneOf"]] == list(told_apart["mapping"].values())
    for name, reference in told_apart["mapping"].items():
        item = schemas[reference.rpartition("/")[2]]
        sent = living.document["paths"][f"/commands/{name}"]["post"]["requestBody"]["content"]["application/json"]
        assert item["properties"]["command"] == {"type": "string", "const": name}
        assert item["properties"]["data"] == sent["schema"]
        assert (item["required"], item["additionalProperties"]) == (["command", "data"], False)
    assert set(told_apart["mapping"]) == set(COMMANDS)


def test_every_command_is_described_with_an_example_that_is_our_own(living: Living) -> None:
    ours = {
        one.command_name(): json.loads(one.model_dump_json(exclude_defaults=True))
        for one in examples.COMMANDS
        if one.HAS_DOOR
    }
    shown = {
        path.removeprefix("/commands/"): operation["requestBody"]["content"]["application/json"]["example"]
        for _, path, operation in living.operations()
        if path.startswith("/commands/")
    }
    assert set(shown) == set(COMMANDS)
    assert shown == ours


class Read(NamedTuple):
    """One read: as it was asked for, and what was answered."""

    path: str
    case: Case[Any]
    answer: Response


@pytest.fixture(scope="module")
def reads(living: Living) -> list[Read]:
    """Every read of real things, in each of its forms, now and as of now."""
    commands = [{"command": name, "data": data} for name, data in ENDED]
    told = httpx.post(
        f"{living.service.address}/commands", json={"atomic": True, "commands": commands}, headers=ADMIN, timeout=60
    )
    assert told.status_code == 200, told.text
    schema, upto = schemathesis.openapi.from_dict(living.document), told.headers["Letopis-Position"]
    asked_of = [*_questions(living)]
    found, now = [], datetime.now(UTC).isoformat()
    for path, parts, query in asked_of:
        taken = {each["name"] for each in living.document["paths"][path]["get"]["parameters"]}
        first = {**query, "min_position": upto} if "min_position" in taken else query
        for asked in (first, *([{**first, "as_of": now}] if "as_of" in taken else [])):
            case = schema[path]["GET"].Case(path_parameters=parts, query=asked, headers=ADMIN)
            found.append(Read(path, case, case.call(base_url=living.service.address)))
    return found


def _questions(living: Living) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give every path that is read, with the ids in it, and each query that it is asked with."""
    known = {
        "client_id": demo_id("romashka"),
        "merged_id": demo_id("vector"),
        "deal_id": demo_id("deal romashka"),
        "staff_id": demo_id("anna"),
        "activity_id": demo_id("meeting"),
        "code": "scales",
        "job": _job(living),
        "import_id": BEGUN,
        "sent": _import(living),
        "file_id": _file(living),
        "price_book_id": demo_id("price book"),
        "plan_id": httpx.get(f"{living.service.address}/plans", headers=ADMIN).json()["items"][0]["plan_id"],
        "stream": demo_id("anna"),
        "projection": "products",
    }
    reports = httpx.get(f"{living.service.address}/analytics", headers=ADMIN).json()["items"]
    for method, path, _operation in living.operations():
        if method != "get":
            continue
        ids: dict[str, Any] = {name: str(value) for name, value in known.items() if f"{{{name}}}" in path}
        if "{report}" in path:
            queries: list[dict[str, Any]] = [{}]
            if path.endswith("{report}"):
                queries += [{"format": "csv"}, {"format": "arrow"}]
            drawn = [one for one in reports if one["chart"] or not path.endswith("/chart")]
            yield from ((path, {**ids, "report": one["name"]}, query) for one in drawn for query in queries)
        else:
            yield from ((path, ids, query) for query in QUERIES.get(path, ({},)))


def _file(living: Living) -> str:
    """Return a file that a client was given."""
    address = f"{living.service.address}/clients/{demo_id('romashka')}/files"
    sent = httpx.post(address, files={"file": ("offer.pdf", b"%PDF")}, headers=ADMIN, timeout=60)
    assert sent.status_code == 201, sent.text
    where = f"{address}/{sent.json()['file_id']}?min_position={sent.json()['position']}"
    assert httpx.get(where, headers=ADMIN, timeout=60).status_code == 200
    return str(sent.json()["file_id"])


def _import(living: Living) -> str:
    """Return a file that was sent and rehearsed, with a row that is wrong and one that is doubtful."""
    people = "Name,Phone,INN\nOlga,12,\nPetr,+7 916 777-22-33,1234567890\n"
    address = f"{living.service.address}/imports"
    sent = httpx.post(address, files={"file": ("people.csv", people)}, headers=ADMIN, timeout=60)
    where = f"{address}/{sent.json()['id']}"
    assert httpx.post(f"{where}/run", json={"is_dry": True}, headers=ADMIN).status_code == 202
    end = time.monotonic() + 60
    while httpx.get(where, headers=ADMIN).json()["state"] != "rehearsed":
        assert time.monotonic() < end
        time.sleep(0.2)
    return str(sent.json()["id"])


QUERIES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "/clients/mailing-list": ({"addressed_by": "email", "purpose": "news"},),
    "/clients/{client_id}": ({}, {"include": ["tags", "relations", "dates", "fields"]}),
    "/price-books/{price_book_id}/priced": ({"line": ["scales:1", "service:2.5"]},),
    "/my-day": ({"staff": str(demo_id("anna"))},),
    "/analytics/sql": tuple(
        {"sql": "SELECT *, [recorded_at] AS times FROM fact_deal", **form} for form in ({}, {"format": "csv"})
    ),
}
"""What is asked with, where a read cannot be asked without."""


def test_every_read_of_real_things_answers_as_described(reads: list[Read]) -> None:
    for path, case, answer in reads:
        assert answer.status_code == 200, f"{path} {answer.text}"
        case.validate_response(answer)
    assert len({path for path, _, _ in reads}) >= 20


def test_every_moment_of_every_answer_has_one_form(living: Living, reads: list[Read]) -> None:
    promised, told, written = Promised(living.document), set[Member](), Counter[str]()
    schemas = []
    for path, _, answer in reads:
        forms = living.document["paths"][path]["get"]["responses"]["200"].get("content", {})
        kind = answer.headers["content-type"][0].partition(";")[0]
        found: list[Any] = []
        if kind == "text/csv":
            found = list(like_moments(list(csv.reader(answer.text.splitlines()))))
        elif kind.endswith("json"):
            schemas.append(forms[kind]["schema"])
            members = list(promised.told(schemas[-1], answer.json()))
            told |= {member for member, _ in members}
            found = [*(moment for _, moment in members), *like_moments(answer.json())]
        assert [moment for moment in found if not FORM.fullmatch(moment)] == [], path
        written[kind] += len(found)
    assert {"application/cloudevents-batch+json", "application/json", "text/csv"} <= set(+written)
    assert promised.all(schemas) - told <= NOT_TOLD


@pytest.mark.parametrize(
    ("path", "event"),
    [("/events?after=0", "position"), ("/projections/progress", "items"), ("/operations/jobs/{job}", "asked_at")],
)
def test_a_stream_has_the_same_form(living: Living, path: str, event: str) -> None:
    headers = {**ADMIN, "Accept": "text/event-stream"}
    address = living.service.address + path.format(job=_job(living))
    with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
        lines = (line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: {"))
        told = next(json.loads(line) for line in lines if event in line)
    moments = list(like_moments(told))
    assert moments or path == "/projections/progress"
    assert [moment for moment in moments if not FORM.fullmatch(moment)] == []


def test_a_receipt_of_a_job_and_a_refusal_have_the_same_form(living: Living) -> None:
    body = {"projection": "staff_directory", "reason": "a test"}
    job = httpx.post(f"{living.service.address}/operations/resume", json=body, headers=ADMIN)
    claim = {"client_id": str(demo_id("romashka"))}
    refused = living.service.post("claim-client", claim, token(demo_id("boris"), "seller"))
    assert (job.status_code, refused.status_code) == (202, 409)
    for answer in (job, refused):
        moments = list(like_moments(answer.json()))
        assert moments
        assert [moment for moment in moments if not FORM.fullmatch(moment)] == []


def _job(living: Living) -> str:
    """Return a job that an operator asked for."""
    body = {"projection": "products", "reason": "a test"}
    answer = httpx.post(f"{living.service.address}/operations/resume", json=body, headers=ADMIN)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


LISTS = {"/clients": "Client", "/deals": "Deal", "/activities": "Activity", "/staff": "StaffMember"}
"""The lists that may be asked for certain members, and what their items are called."""


def test_who_asks_for_some_members_gets_what_is_described_as_a_part_and_everybody_else_the_whole(
    living: Living,
) -> None:
    schemas = living.document["components"]["schemas"]
    taking = {
        path: operation["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
        for _, path, operation in living.operations()
        if "fields" in {each["name"] for each in operation.get("parameters", [])}
    }
    assert taking.keys() == LISTS.keys()
    for path, item in LISTS.items():
        pages = [each["$ref"].rpartition("/")[2] for each in taking[path]]
        assert pages == [f"Page_{item}_", f"Page_PartOf{item}_"]
        whole, part = (
            schemas[schemas[page]["properties"]["items"]["items"]["$ref"].rpartition("/")[2]] for page in pages
        )
        assert whole["properties"].keys() == part["properties"].keys() >= set(whole["required"])
        [key] = part["required"]
        asked = httpx.get(f"{living.service.address}{path}", headers=ADMIN).json()["items"]
        assert asked
        for told in asked:
            assert told.keys() == set(whole["required"])
        for name in whole["required"]:
            some = httpx.get(f"{living.service.address}{path}", headers=ADMIN, params={"fields": name}).json()["items"]
            assert some == [{key: told[key], name: told[name]} for told in asked]


def test_the_details_of_a_story_are_described_member_by_member(living: Living) -> None:
    schemas = living.document["components"]["schemas"]
    details = schemas["TimelineEntry"]["properties"]["details"]["$ref"].rpartition("/")[2]
    told = httpx.get(f"{living.service.address}/clients/{demo_id('romashka')}/timeline", headers=ADMIN).json()["items"]
    members = {name for entry in told for name in entry["details"]}
    assert members
    assert members <= schemas[details]["properties"].keys()


def test_a_link_leads_to_a_read_by_an_id_that_is_there(living: Living) -> None:
    reads = {operation["operationId"]: operation for method, _, operation in living.operations() if method == "get"}
    led_to = Counter[str]()
    for method, path, operation in living.operations():
        for name, link in operation["responses"].get("200", {}).get("links", {}).items():
            where = f"{method} {path}: {name}"
            ((parameter, expression),) = link["parameters"].items()
            asked = {each["name"] for each in reads[link["operationId"]]["parameters"] if each["in"] == "path"}
            assert asked == {parameter}, where
            body, _, member = expression.partition("#/")
            sent = operation.get("requestBody", operation["responses"]["200"])
            source = {"$request.body": sent, "$response.body": operation["responses"]["200"]}[body]
            schema = source["content"]["application/json"]["schema"]
            named = living.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            assert member in named["properties"], where
            led_to[link["operationId"]] += 1
    # Every read by one id is led to, if by nothing else than what made the thing.
    assert set(led_to) == {name for name, read in reads.items() if _asks_for_an_id(read)}


def _asks_for_an_id(operation: dict[str, Any]) -> bool:
    named = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
    return len(named) == 1 and named[0].endswith("_id")


@pytest.mark.parametrize(
    ("method", "path", "links"),
    [
        ("POST", "/commands/register-client", {"stream_id.get_client"}),
        ("POST", "/commands/hire-staff", {"stream_id.get_staff_member"}),
        ("GET", "/deals/{deal_id}", {"client_id.get_client", "seller_id.get_staff_member"}),
        ("GET", "/clients/{client_id}", {"owner_id.get_staff_member", "client_id.get_client_timeline"}),
    ],
)
def test_a_link_can_be_followed(living: Living, method: str, path: str, links: set[str]) -> None:
    ids = {"client_id": demo_id("romashka"), "deal_id": demo_id("deal romashka")}
    operation = living.document["paths"][path][method.lower()]
    phone = {"kind": "phone", "value": "+7 916 777-00-11"}
    body = {
        "register-client": {"kind": "person", "name": "Olga", "contact_points": [phone]},
        "hire-staff": {"name": "Oleg", "role": "seller"},
    }
    answer = httpx.request(
        method,
        living.service.address + path.format(**ids),
        headers=ADMIN,
        json=body.get(path.rpartition("/")[2]),
    )
    assert answer.status_code == 200, answer.text
    offered = operation["responses"]["200"]["links"]
    assert links <= set(offered)
    paths = {each["operationId"]: where for _, where, each in living.operations()}
    for name in links:
        ((parameter, expression),) = offered[name]["parameters"].items()
        found = answer.json()[expression.rpartition("#/")[2]]
        wanted = living.service.address + paths[offered[name]["operationId"]].format(**{parameter: found})
        upto = {"min_position": answer.headers["Letopis-Position"]}
        assert httpx.get(wanted, headers=ADMIN, params=upto).status_code == 200, name


def test_the_docs_page_loads_nothing_from_elsewhere(living: Living) -> None:
    page = httpx.get(f"{living.service.address}/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) >= 3
    for path in loaded:
        assert path.startswith("/"), path
        assert httpx.get(living.service.address + path).status_code == 200, path
    assert "url: '/openapi.json'" in page


def test_an_operation_that_is_public_needs_no_token_and_all_others_do(living: Living) -> None:
    for method, path, _operation in living.operations():
        answer = httpx.request(method, living.service.address + path.replace("{report}", "stage_history"), timeout=30)
        assert (answer.status_code == 401) == (path not in PUBLIC | OPEN_HERE), f"{method} {path}: {answer.status_code}"


@dataclass(frozen=True)
class Attack:
    """What came of requests made from the description."""

    statuses: Counter[int]
    checks: Counter[str]
    failures: list[str]
    """What no check lets pass, and where it is wrong."""


def attack(living: Living, given: dict[str, Any]) -> Attack:
    """Make requests as the configuration says, and look at each answer."""
    config = SchemathesisConfig.from_dict({**given, "base-url": living.service.address})
    # Every command is tried by itself. In a batch what is wrong in one of them is told in its place, and it is 200.
    components = living.document["components"]
    schemas = {**components["schemas"], "BatchItem": Batch.model_json_schema()["$defs"]["BatchItem"]}
    tried = {**living.document, "components": {**components, "schemas": schemas}}
    schema = schemathesis.openapi.from_dict(tried, config=config)
    came = Attack(Counter(), Counter(), [])
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            came.failures.append(repr(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        answers = (each.response for each in event.recorder.interactions.values())
        came.statuses.update(answer.status_code for answer in answers if answer is not None)
        for check in (check for made in event.recorder.checks.values() for check in made):
            came.checks[check.name] += 1
            if check.failure_info is not None and UNKNOWN_HEADER not in check.failure_info.failure.message:
                failure = check.failure_info.failure
                came.failures.append(
                    f"{failure.operation}: {failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                )
    assert not came.failures, "\n\n".join(came.failures[:10])
    assert not [status for status in came.statuses if status >= 500]
    assert '"bug"' not in living.service.log.read_text()
    return came


def test_no_request_made_from_the_description_meets_a_fault_or_an_undescribed_answer(living: Living) -> None:
    came = attack(living, CONFIG)
    # What was tried is worth something only if requests were let in, refused by rules and refused by form.
    assert min(came.statuses[status] for status in (200, 401, 404, 409, 415, 422)) >= 20, came.statuses
    assert {"status_code_conformance", "response_schema_conformance", "negative_data_rejection", "ignored_auth"} <= set(
        came.checks
    )


def test_no_chain_of_requests_along_the_links_meets_a_fault_or_an_undescribed_answer(living: Living) -> None:
    came = attack(
        living, {**CONFIG, "phases": ALONG_LINKS, "generation": {**CONFIG["generation"], "max-examples": CHAINS}}
    )
    # How many begin with what can be carried out is the luck of the seed.
    assert came.statuses[200] >= CHAINS // 6, came.statuses
    assert came.statuses[404] + came.statuses[409] >= CHAINS // 2, came.statuses
