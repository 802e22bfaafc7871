"""The description of the interface, complete enough to generate a client from: every command, read and refusal."""

import asyncio
import tomllib
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from app.words.batch_items import type_items
from app.words.details import type_details
from app.words.for_generators import REF, name_lists, say_defaults
from app.words.links import add_links
from app.words.openapi_models import BatchAnswer, ProblemDetails, Receipt
from app.words.refusals import codes_of_batch, codes_of_command, codes_of_file, codes_of_operation, codes_of_read
from app.words.report_parameters import describe_reports
from commands.base import Command
from commands.execution.door import Batch
from commands.registry import COMMANDS
from events.examples import example_of
from read_api.reading.asking import PURPOSE

PUBLIC = frozenset({"/health", "/ready", "/labels"})
OPEN_HERE = frozenset({"/metrics"})
"""What needs no token on the machine itself."""

TICKET = "ticket"
"""The parameter that lets somebody in instead of a header, where there is one."""

ABOUT = (
    "Commands record facts; reads show views of them. Moments are told in UTC, as 2026-03-02T09:00:00Z or, with six"
    " digits of a fraction, 2026-03-02T09:00:00.250000Z; commands take them in any zone. Money is a decimal string."
)
_HERE = Path(__file__).parent

PARAMETERS: dict[str, str] = tomllib.loads((_HERE / "parameters.toml").read_text(encoding="utf-8"))
"""What a parameter means, by its name; what a read says of its own parameter comes first."""

MEANINGS = {
    "400": "The body is not JSON, or the request cannot be read.",
    "401": "No token, or not a valid one.",
    "403": "The role, or the API key, may not do this.",
    "404": "There is no such thing.",
    "406": "The answer cannot be given in that form.",
    "410": "What it was is gone.",
    "409": "A rule of the business forbids it, or somebody was faster.",
    "412": "It has changed since the version in If-Match.",
    "413": "The body is too large.",
    "415": "The body is not JSON by its Content-Type.",
    "422": "A field or parameter cannot be what was sent.",
    "429": "More commands than one caller may send; Retry-After says when to come back.",
    "501": "What is needed for it is not installed here.",
    "503": "Not at the moment; Retry-After says when to come back.",
    "507": "There is no room on the disk.",
    "504": "The view has not reached min_position in time.",
}
HEADERS = {
    "ETag": {"description": "What this answer is a state of.", "schema": {"type": "string"}},
    "Letopis-Position": {
        "description": "How far in the log this answer is true; give it to a read as min_position.",
        "schema": {"type": "integer", "minimum": 0},
    },
}
LANGUAGE = {"description": "The language of the texts: en or ru.", "schema": {"type": "string"}}
WAIT = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
REFUSAL_HEADERS = {
    "401": {"WWW-Authenticate": {"description": "How to prove who you are.", "schema": {"type": "string"}}},
    "429": {
        "Retry-After": WAIT,
        "RateLimit-Limit": {
            "description": "How many are taken at once after a rest.",
            "schema": {"type": "integer"},
        },
        "RateLimit-Remaining": {"description": "How many would be taken now.", "schema": {"type": "integer"}},
        "RateLimit-Reset": {"description": "Seconds until these would be taken.", "schema": {"type": "integer"}},
    },
    "503": {"Retry-After": WAIT},
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Names this request: sent again with the same key it is carried out once, and answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The version that the decision is based on, as the ETag of a receipt or of a read of the same thing"
    " has it; if it has changed since, the answer is 412.",
    "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,18}(-[0-9a-f]+)?")$'},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the answer the caller has; if it is still true, the answer is 304.",
    "schema": {"type": "string"},
}

PURPOSE_SAID = {
    "name": PURPOSE,
    "in": "header",
    "description": "What the caller looks for, percent-encoded where it is not plain English: auditors are told.",
    "schema": {"type": "string", "pattern": r"^[ -~]{0,200}$"},
}


class ApiDocument:
    """Writes the OpenAPI document once, when a caller first asks: it takes a second, and has half a megabyte."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._lock = Lock()
        self._document: dict[str, Any] | None = None
        self._told: tuple[bytes, str] | None = None

    def __call__(self) -> dict[str, Any]:
        with self._lock:
            if self._document is None:
                self._document = _document(self._app)
            return self._document

    def _tell(self) -> tuple[bytes, str]:
        body = to_json(self())
        return body, f'"{sha256(body).hexdigest()[:24]}"'

    async def answer(self, request: Request) -> Response:
        """Answer with the document, or 304 when the caller has it already; nobody else waits while it is written."""
        if self._told is None:
            self._told = await asyncio.to_thread(self._tell)
        body, etag = self._told
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Letopis",
        version="1",
        summary="An event-sourced CRM backend",
        description=ABOUT,
        routes=app.routes,
        servers=[{"url": "/", "description": "Where this document was read."}],
    )
    paths = document["paths"]
    ours = (ProblemDetails, Receipt, BatchAnswer, Batch)
    models = [(model, "validation") for model in (*ours, *COMMANDS.values())]
    names, schemas = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A JWT, or the API key of a program: `lk_<id>_<secret>`.",
        },
        "ticket": {"type": "apiKey", "in": "query", "name": TICKET},
    }
    for name, command in sorted(COMMANDS.items()):
        paths[f"/commands/{name}"] = {"post": _command(name, command, names[command, "validation"]["$ref"])}
    paths["/commands"] = {"post": _batch(names[Batch, "validation"]["$ref"])}
    describe_reports(document)
    for path, operations in paths.items():
        for method, operation in operations.items():
            _complete(path, operation)
            _name_codes(path, method, operation)
    type_details(document)
    type_items(document)
    name_lists(document)
    say_defaults(document)
    add_links(document)
    return document


def example_body(name: str) -> dict[str, Any]:
    """Return the body of the example that stands beside a command."""
    body: dict[str, Any] = example_of(COMMANDS[name]).model_dump(mode="json", exclude_defaults=True)
    return body


def _command(name: str, command: type[Command], body: str) -> dict[str, Any]:
    return {
        "tags": ["commands"],
        "operationId": name.replace("-", "_"),
        "summary": (command.__doc__ or name).strip().partition("\n")[0],
        "description": f"Roles: {', '.join(sorted(command.ROLES))}.{_granted_as(command)}",
        "parameters": [KEY, IF_MATCH],
        "requestBody": _body(body, example_body(name)),
        "responses": {
            "200": _answer("The receipt.", "Receipt", tuple(HEADERS)),
            **{status: {} for status in ("404", "409", "412", "429")},
        },
    }


def _granted_as(command: type[Command]) -> str:
    return f" Granted to others, or withdrawn, as `{command.EDITS.value}`." if command.EDITS else ""


def _batch(body: str) -> dict[str, Any]:
    items = [{"command": name, "data": example_body(name)} for name in ("register-client", "list-product")]
    return {
        "tags": ["commands"],
        "operationId": "batch",
        "summary": "Up to 1,000 commands in order, all or each for itself",
        "description": "Each command needs its own role; what is wrong in one is told in its place of the answer.",
        "requestBody": _body(body, {"atomic": True, "commands": items}),
        "responses": {
            "200": _answer("One result per command.", "BatchAnswer", ("Letopis-Position",)),
            "409": {},
            "429": {},
        },
    }


def _body(model: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": {"$ref": model}, "example": example}}}


def _answer(meaning: str, model: str, headers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "description": meaning,
        "headers": {name: HEADERS[name] for name in headers},
        "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}},
    }


def _name_codes(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say with which codes the operation can be refused, each under its status."""
    named = path.removeprefix("/commands/")
    if named in COMMANDS:
        codes = codes_of_command(COMMANDS[named])
    elif path.endswith("/files") and method == "post":
        codes = codes_of_file()
    elif path.startswith("/operations/") and method == "post":
        codes = codes_of_operation()
    else:
        codes = codes_of_batch() if path == "/commands" else codes_of_read()
    for status, response in operation["responses"].items():
        if status in MEANINGS and path not in PUBLIC:
            response["x-codes"] = codes.get(status, [])
            response["description"] += f" Codes: {', '.join(response['x-codes'])}."


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add what every operation has: its security, the refusals it can meet, and the form they are told in."""
    responses = operation["responses"]
    expected: set[str] = {"503"} if path not in {"/health", "/metrics", "/labels"} else set()
    if path not in PUBLIC:
        names = [parameter["name"] for parameter in operation.get("parameters", [])]
        others: list[dict[str, Any]] = [{"ticket": []}] if TICKET in names else [{}] if path in OPEN_HERE else []
        operation["security"] = [{"bearer": []}, *others]
        expected |= {"401", "403"}
    if "requestBody" in operation:
        expected |= {"400", "413", "415", "422"}
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        parameter.setdefault("description", PARAMETERS.get(parameter["name"], ""))
    if parameters:
        expected |= {"422"}
    if any(parameter["name"] == "min_position" for parameter in parameters):
        expected |= {"504"}
    is_read = "requestBody" not in operation or path == "/clients/search"
    if is_read and path.startswith(("/clients/{client_id}", "/clients/search")):
        parameters = [*parameters, PURPOSE_SAID]
    operation["parameters"] = [*parameters, IF_NONE_MATCH] if "304" in responses else parameters
    for status in expected:
        responses.setdefault(status, {})
    for status, response in responses.items():
        if status in MEANINGS:
            response["description"] = MEANINGS[status]
            response["content"] = {"application/problem+json": {"schema": {"$ref": REF.format(model="ProblemDetails")}}}
            response["headers"] = {"Content-Language": LANGUAGE, **REFUSAL_HEADERS.get(status, {})}
    operation["responses"] = dict(sorted(responses.items()))
