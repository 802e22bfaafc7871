"""What people are told when something goes wrong: every code has words in both languages, every error its status."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import APIRouter, FastAPI
from psycopg_pool import PoolTimeout
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from aggregates.activity import ActivityStatus, CallStatusNeededError
from aggregates.base import Aggregate, DomainError, NotFoundError, WrongValueError
from aggregates.branch import Branch
from aggregates.client_errors import ClientIsOwnedError
from aggregates.deal import DealIsClosedError, DealStatus
from aggregates.team import Team
from app.auth.errors import CallerError, TokenMissingError
from app.serving.http import Check, Parts, create_app
from app.words.field_codes import FIELD_CODES
from app.words.messages import FIELD_MESSAGES, LABELS, LANGUAGES, MESSAGES, language_of, list_name, words_for
from app.words.problems import HTTP_CODES, STATUSES, problem_of, problem_of_item, told
from commands.errors import DuplicateClientError, NotAllowedError, OverloadedError, RequestError
from commands.registry import COMMANDS
from events import values
from events.client_date import ClientDateKind
from events.client_merge import MergeSide, Taken
from events.client_relation import RelationKind
from events.custom_field import CustomFieldType
from events.deal import ForecastCategory
from events.examples import EAST
from events.permission import PermissionChannel, PermissionPurpose
from events.plan import Metric
from events.price_book import TaxMode
from events.registry import EVENT_TYPES
from read_api import lists
from read_api.reading.errors import NoSuchThingError, ReadError
from replay.repair.jobs import JobError

# Every rule is registered once its module is imported; the catalogue imports all commands and so all rules.
import_module("commands.registry")
import_module("aggregates.import_run")


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        # Other tests break rules of their own, which nobody is ever told about.
        if not child.__module__.startswith("tests."):
            yield child
        yield from subclasses(child)


CLIENT = {"kind": "organisation", "name": "x", "contact_points": [{"kind": "phone", "value": "+74951234567"}]}
NOBODY = str(UUID(int=1))
RUB_IN_SMALL = {"amount": "1", "currency": "rub"}

ROOTS = (DomainError, RequestError, ReadError, CallerError, JobError)
CODES = sorted({kind.code for root in ROOTS for kind in subclasses(root) if hasattr(kind, "code")})


@pytest.mark.parametrize("code", [*CODES, *HTTP_CODES.values()])
def test_every_code_has_words_in_both_languages(code: str) -> None:
    assert code in MESSAGES, f"{code} has no words: put them, in en and ru, into the .toml beside the aggregate."
    for language in LANGUAGES:
        assert MESSAGES[code][language]["title"]
        assert MESSAGES[code][language]["detail"]
    assert words_for(code, "en", {}) != words_for(code, "ru", {})


@pytest.mark.parametrize("root", [RequestError, ReadError, CallerError, JobError])
def test_every_error_of_a_request_has_its_status_in_the_one_table(root: type[Exception]) -> None:
    listed = tuple(kind for kind, _ in STATUSES)
    assert [kind for kind in subclasses(root) if not issubclass(kind, listed)] == []


def test_the_catalogue_has_every_code_in_the_same_languages() -> None:
    for words in MESSAGES.values():
        assert set(words) == set(LANGUAGES)
        assert all(set(parts) == {"title", "detail"} for parts in words.values())
    for sentences in FIELD_MESSAGES.values():
        assert set(sentences) == set(LANGUAGES)


def test_every_wrong_field_has_a_sentence() -> None:
    assert set(FIELD_CODES.values()) <= set(FIELD_MESSAGES)


@pytest.mark.parametrize("kind", [kind for root in (DomainError, RequestError, ReadError) for kind in subclasses(root)])
def test_every_error_has_a_status_of_its_own_kind(kind: type[Any]) -> None:
    error: Exception = Exception.__new__(kind)
    error.__dict__["facts"] = {}
    problem = problem_of(error)
    assert problem is not None
    assert 400 <= problem.status < 600
    assert problem.code == kind.code


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en;q=0.5,ru;q=0.7", "ru"),
        ("ru;q=0,en;q=0.1", "en"),
        ("de,fr", "en"),
        ("ru;q=lots", "en"),
    ],
)
def test_the_language_is_the_one_the_caller_likes_best(header: str | None, language: str) -> None:
    assert language_of(header) == language


def test_a_refusal_names_its_facts() -> None:
    error = ClientIsOwnedError(client_id=UUID(int=1), branch="Пермь", owner_id=UUID(int=2), owner_name="Анна")
    problem = problem_of(error)
    assert problem is not None
    body = told(problem, "ru")
    assert (body["status"], body["code"], body["owner_name"]) == (409, "client-owned", "Анна")
    assert "Анна" in body["detail"]
    assert "Пермь" in body["detail"]


def test_what_is_not_there_is_called_as_people_call_it() -> None:
    kinds = sorted({kind.KIND for kind in subclasses(Aggregate) if hasattr(kind, "KIND")})
    assert len(kinds) > 8
    for kind in kinds:
        title = told_in("ru", NotFoundError(kind=kind, id=UUID(int=1)))["title"]
        assert title == MESSAGES[f"not-found/{kind}"]["ru"]["title"]
        assert kind not in title
    assert told_in("ru", NotFoundError(kind="deal", id=UUID(int=1)))["title"] == "Сделка не найдена"
    assert told_in("ru", NoSuchThingError(kind="staff", id=UUID(int=1)))["title"] == "Сотрудник не найден"
    assert told_in("en", NotFoundError(kind="staff", id=UUID(int=1)))["title"] == "There is no such staff member"
    # Programs go on deciding by the words of the interface.
    assert told_in("ru", NotFoundError(kind="deal", id=UUID(int=1)))["kind"] == "deal"


def test_sentences_have_the_words_of_people_and_members_those_of_the_interface() -> None:
    closed = told_in("ru", DealIsClosedError(deal_id=UUID(int=1), status=DealStatus.WON))
    assert closed["title"] == "Сделка уже закрыта (выиграна)"
    assert closed["status"] == 409
    assert closed["its_status"] == DealStatus.WON
    refused = told_in("ru", NotAllowedError(role="seller", needed=["admin", "head"], action="hire-staff"))
    assert refused["title"] == "Роли «продавец» это не разрешено"
    assert refused["detail"] == "Нужна одна из ролей: администратор, руководитель."
    assert refused["needed"] == ["admin", "head"]
    # What has to be typed is told as it has to be typed.
    assert "taken_to_work" in told_in("ru", CallStatusNeededError(statuses=["taken_to_work"]))["detail"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_candidates_of_a_duplicate_are_named(language: str) -> None:
    body = told_in(language, DuplicateClientError(kind="phone", candidates=[UUID(int=1)], names=["Ромашка"]))
    assert body["candidates"] == [UUID(int=1)]
    assert "Ромашка" in body["detail"]
    assert ("телефон" if language == "ru" else "phone") in body["detail"]


OF_REPORTS = {"forecast_tile", "pipeline_movement"}
"""Lists of words that stand in the SQL of reports alone."""


def test_every_list_of_the_code_has_the_words_of_people_for_each_of_its_words() -> None:
    known = _lists_of_the_code()
    assert len(known) > 12
    for each in known:
        assert set(LABELS[list_name(each)]) == {member.value for member in each}, each.__name__
    assert set(LABELS["topic"]) == {kind.TOPIC for kind in EVENT_TYPES}
    assert set(LABELS) == {"kind", "identity", "topic", "permission_hindrance", *OF_REPORTS, *map(list_name, known)}
    for words in LABELS.values():
        assert all(set(told) == set(LANGUAGES) and all(told.values()) for told in words.values())


@pytest.mark.parametrize("kind", [*subclasses(WrongValueError), *subclasses(RequestError), *subclasses(ReadError)])
def test_every_422_says_where_the_request_is_to_be_corrected(kind: type[Any]) -> None:
    error: Exception = Exception.__new__(kind)
    error.__dict__["facts"] = {
        "header": {"header": "If-Match"},
        "errors": {"errors": [{"pointer": "/x", "code": "missing"}]},
        "missing": {"missing": ["contact_id"]},
    }.get(_what_it_names(kind), {})
    problem = problem_of(error)
    assert problem is not None
    if problem.status == 422:
        assert problem.errors
        assert all(str(one["pointer"]).startswith("/") for one in problem.errors)


def _what_it_names(kind: type[Any]) -> str:
    named = (kind.__doc__ or "").partition("facts: ")[2]
    return next((fact for fact in ("header", "errors", "missing") if named.startswith(fact)), "")


@pytest.mark.parametrize(
    ("command", "body", "pointer", "code"),
    [
        ("register-client", {**CLIENT, "organisation_id": NOBODY}, "/organisation_id", "only-a-person-acts"),
        ("register-client", {**CLIENT, "allow_duplicate": True}, "/duplicate_reason", "missing"),
        ("register-client", {**CLIENT, "duplicate_reason": "two"}, "/allow_duplicate", "missing"),
        ("hire-staff", {"name": "x", "role": "seller", "team": "a", "team_id": str(EAST)}, "/team", "given-with-other"),
        ("edit-note", {"note_id": NOBODY, "text": "x"}, "/client_id", "about-one-thing"),
        ("move-staff", {"staff_id": NOBODY}, "/team_id", "names-no-place"),
        ("revalue-deal", {"deal_id": NOBODY, "amount": RUB_IN_SMALL}, "/amount/currency", "not-a-currency"),
        ("move-deal", {"deal_id": NOBODY, "to_stage": "Сделка"}, "/to_stage", "not-a-code"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_check_of_the_whole_finds_is_told_of_a_field_and_in_words(
    command: str, body: dict[str, Any], pointer: str, code: str, language: str
) -> None:
    with pytest.raises(ValidationError) as wrong:
        COMMANDS[command].model_validate_json(to_json(body), strict=True)
    (found,) = told_in(language, wrong.value)["errors"]
    assert (found["pointer"], found["code"]) == (pointer, code)
    assert code in FIELD_MESSAGES
    assert found["message"].startswith(pointer.rpartition("/")[2]) or language == "ru"
    assert not re.search(r"\^|\\|None|value.error", found["message"])


def told_in(language: str, error: Exception) -> dict[str, Any]:
    problem = problem_of(error)
    assert problem is not None
    return told(problem, language)


def test_a_bug_is_no_problem_of_the_caller() -> None:
    assert problem_of(RuntimeError("x")) is None


def test_a_bug_in_one_command_of_a_batch_is_told_by_its_number_alone(capsys: pytest.CaptureFixture[str]) -> None:
    told_of_it = problem_of_item(RuntimeError("Petrov"), "ru")
    assert (told_of_it["status"], told_of_it["code"]) == (500, "internal-error")
    logged = capsys.readouterr().out
    assert told_of_it["incident"] in logged
    assert "Petrov" not in str(told_of_it) + logged


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=5)
    client_id: UUID
    amount: Decimal
    at: AwareDatetime
    kind: Literal["new", "old"]
    tags: list[str] = []


def failing_router() -> APIRouter:
    router = APIRouter()

    @router.post("/orders")
    async def orders(order: Order) -> None: ...

    @router.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise FAILURES[how]

    return router


FAILURES: Mapping[str, Exception] = {
    "database": psycopg.OperationalError("server closed the connection for Ivan Petrov"),
    "pool": PoolTimeout("no connection"),
    "queue": OverloadedError(retry_after=3),
    "token": TokenMissingError(),
    "nothing": NotFoundError(kind="deal", id=UUID(int=7)),
    "bug": ZeroDivisionError("Ivan Petrov divided by zero"),
    "data": psycopg.DataError("Ivan Petrov"),
}


async def not_there() -> list[Check]:
    return [Check("log", is_ready=True), Check("client_card", is_ready=False, reason="building", facts={"position": 5})]


@pytest.fixture
def app() -> FastAPI:
    return create_app(Parts(read_router=failing_router(), body_limit=2000, checks=not_there))


def ask(app: FastAPI, method: str, path: str, **how: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as client:
            return await client.request(method, path, **how)

    return asyncio.run(go())


def test_wrong_fields_are_pointed_at_with_the_remedy(app: FastAPI) -> None:
    body = {"name": "too long", "amount": "lots", "at": "2026-03-01T09:30:00", "kind": "x", "tags": "a", "a/b": 1}
    answer = ask(app, "POST", "/orders", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "en"
    found = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert found == {
        "/name": "too-long",
        "/client_id": "missing",
        "/amount": "not-an-amount",
        "/at": "no-time-zone",
        "/kind": "not-in-list",
        "/tags": "not-a-list",
        "/a~1b": "unknown-field",
    }
    messages = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert messages["/name"] == "name is too long: it takes at most 5 characters."
    assert messages["/a~1b"].startswith("a/b is not a field here")
    assert messages["/kind"] == "kind takes one of: 'new' or 'old'."
    assert "too long" not in str([error for error in answer.json()["errors"] if "input" in error])


def test_wrong_fields_are_told_in_russian(app: FastAPI) -> None:
    answer = ask(app, "POST", "/orders", json={"kind": "x"}, headers={"Accept-Language": "ru"})
    assert answer.headers["content-language"] == "ru"
    messages = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert messages["/name"] == "name отсутствует: добавьте."
    assert messages["/kind"] == "kind принимает одно из: 'new' или 'old'."


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"", b"[" * 900])
def test_what_is_not_json_is_400_or_says_what_is_missing(app: FastAPI, body: bytes) -> None:
    answer = ask(app, "POST", "/orders", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == (422 if body == b"" else 400)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_large_body_is_refused_by_its_announced_length(app: FastAPI) -> None:
    answer = ask(app, "POST", "/orders", content=b" " * 2001, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (413, "payload-too-large", 2000)


def test_a_large_body_is_refused_while_it_comes_in_pieces(app: FastAPI) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 1000

    answer = ask(app, "POST", "/orders", content=pieces(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (413, "payload-too-large", 2000)


def test_an_unknown_address_is_a_problem(app: FastAPI) -> None:
    answer = ask(app, "GET", "/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-route")


def test_a_wrong_method_is_told_the_right_one(app: FastAPI) -> None:
    answer = ask(app, "DELETE", "/orders")
    assert (answer.status_code, answer.json()["code"], answer.headers["allow"]) == (405, "method-not-allowed", "POST")


@pytest.mark.parametrize(("how", "seconds"), [("database", "2"), ("pool", "2"), ("queue", "3")])
def test_what_passes_is_503_with_when_to_come_back(app: FastAPI, how: str, seconds: str) -> None:
    answer = ask(app, "GET", f"/fails/{how}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, seconds)
    assert "Petrov" not in answer.text


def test_a_missing_token_is_asked_for(app: FastAPI) -> None:
    answer = ask(app, "GET", "/fails/token")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_missing_thing_is_404(app: FastAPI) -> None:
    answer = ask(app, "GET", "/fails/nothing")
    assert (answer.status_code, answer.json()["kind"], answer.json()["id"]) == (404, "deal", str(UUID(int=7)))


@pytest.mark.parametrize("how", ["bug", "data"])
def test_a_bug_tells_a_number_and_nothing_personal(app: FastAPI, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(app, "GET", f"/fails/{how}")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    logged = capsys.readouterr().out
    assert answer.json()["incident"] in logged
    assert "Petrov" not in answer.text + logged


def test_the_log_says_what_was_asked_but_not_whom_about(app: FastAPI, capsys: pytest.CaptureFixture[str]) -> None:
    ask(app, "GET", "/fails/nothing?q=Petrov")
    logged = capsys.readouterr().out
    assert "/fails/{how}" in logged
    assert "404" in logged
    assert "Petrov" not in logged


def test_readiness_names_what_is_not_ready(app: FastAPI) -> None:
    answer = ask(app, "GET", "/ready")
    assert answer.status_code == 503
    assert [check["name"] for check in answer.json()["checks"] if not check["is_ready"]] == ["client_card"]
    assert ask(app, "GET", "/health").status_code == 200


def test_requests_are_counted_by_route(app: FastAPI) -> None:
    ask(app, "GET", "/fails/nothing")
    ask(app, "GET", "/fails/token")
    ask(app, "GET", "/fails/token")
    metrics = ask(app, "GET", "/metrics").text
    assert 'letopis_requests_total{method="GET",route="/fails/{how}",status="401"} 2' in metrics


def test_other_origins_are_let_in_only_when_configured(app: FastAPI) -> None:
    origin = {"Origin": "https://crm.example.org"}
    assert "access-control-allow-origin" not in ask(app, "GET", "/health", headers=origin).headers
    opened = create_app(Parts(cors_origins=["https://crm.example.org"]))
    assert ask(opened, "GET", "/health", headers=origin).headers["access-control-allow-origin"] == origin["Origin"]
    stranger = {"Origin": "https://evil.example.org"}
    assert "access-control-allow-origin" not in ask(opened, "GET", "/health", headers=stranger).headers


def test_the_words_of_people_are_at_one_address_in_both_languages(app: FastAPI) -> None:
    answer = ask(app, "GET", "/labels")
    assert answer.status_code == 200
    assert answer.json()["lists"]["channel"]["point_of_sale"] == {"en": "point of sale", "ru": "точка продаж"}
    assert answer.json()["lists"] == LABELS


def test_every_list_that_answers_have_is_that_of_the_code() -> None:
    named = {name: get_args(kind) for name, kind in vars(lists).items() if get_origin(kind) is Literal}
    of_the_code = {each.__name__: each for each in _lists_of_the_code()}
    del named["Role"]
    assert set(named["UnitKind"]) == {Team.KIND, Branch.KIND}
    del named["UnitKind"]
    assert len(named) > 10
    for name, words in named.items():
        assert list(words) == [member.value for member in of_the_code[name]], name


def _lists_of_the_code() -> list[type[StrEnum]]:
    found = [each for each in vars(values).values() if isinstance(each, type) and issubclass(each, StrEnum)]
    of_nouns = (
        ClientDateKind,
        CustomFieldType,
        ForecastCategory,
        MergeSide,
        Metric,
        PermissionChannel,
        PermissionPurpose,
        RelationKind,
        Taken,
        TaxMode,
    )
    return [*(each for each in found if each is not StrEnum), DealStatus, ActivityStatus, *of_nouns]


def test_the_document_says_what_every_operation_answers(app: FastAPI) -> None:
    document = ask(app, "GET", "/openapi.json").json()
    claim = document["paths"]["/commands/claim-client"]["post"]
    assert claim["security"] == [{"bearer": []}]
    assert {"200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "503"} <= set(claim["responses"])
    assert set(claim["responses"]["200"]["headers"]) == {"ETag", "Letopis-Position"}
    problem = claim["responses"]["409"]["content"]["application/problem+json"]["schema"]["$ref"]
    assert problem.rpartition("/")[2] in document["components"]["schemas"]
    assert "security" not in document["paths"]["/health"]["get"]
    assert document["servers"] == [{"url": "/", "description": "Where this document was read."}]


def test_every_refusal_of_the_document_names_its_codes(app: FastAPI) -> None:
    document = ask(app, "GET", "/openapi.json").json()
    named = set()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400 and "security" in operation:
                    assert response["x-codes"], f"{path} {status}"
                    named |= set(response["x-codes"])
    rules = {kind.code for root in (DomainError, RequestError) for kind in subclasses(root)}
    # The first two are the words for a rule without any; the third is told of a command that is not in the document,
    # and the fourth by the door that takes files in, which is not in this one. What is counted of documents is asked by
    # no command of its own.
    assert rules - named == {"rule-broken", "wrong-value", "unknown-command", "too-many-files", "discount-is-wrong"}
    lose = document["paths"]["/commands/lose-deal"]["post"]["responses"]
    assert {"deal-is-closed", "idempotency-key-reused", "contended"} <= set(lose["409"]["x-codes"])
    assert lose["412"]["x-codes"] == ["version-conflict"]
    assert "import-is-finished" not in lose["409"]["x-codes"]


def test_every_reference_of_the_document_is_there(app: FastAPI) -> None:
    document = ask(app, "GET", "/openapi.json").json()
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for child in part.values():
                yield from references(child)
        elif isinstance(part, list):
            for child in part:
                yield from references(child)

    assert set(references(document)) <= known


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (psycopg.errors.ProgramLimitExceeded(), 422, "too-much-for-the-database"),
        (psycopg.errors.DiskFull(), 503, "database-unreachable"),
        (psycopg.OperationalError("server closed the connection"), 503, "database-unreachable"),
    ],
)
def test_only_a_database_that_is_lost_is_told_to_be(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert (problem.status, problem.code) == (status, code)


def test_a_wrong_statement_of_ours_is_a_bug() -> None:
    assert problem_of(psycopg.errors.UndefinedColumn()) is None
