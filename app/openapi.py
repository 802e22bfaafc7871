"""The description of the interface, complete enough to generate a client from: every command, read and refusal."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from commands.base import Command
from commands.catalogue import COMMANDS
from commands.door import Batch

PUBLIC = frozenset({"/health", "/ready", "/metrics"})
REF = "#/components/schemas/{model}"

MEANINGS = {
    "400": "The body is not JSON, or the request cannot be read.",
    "401": "No token, or not a valid one.",
    "403": "The role may not do this.",
    "404": "There is no such thing.",
    "406": "The answer cannot be given in that form.",
    "409": "A rule of the business forbids it, or somebody was faster.",
    "412": "It has changed since the version in If-Match.",
    "413": "The body is too large.",
    "415": "The body is not JSON by its Content-Type.",
    "422": "A field or parameter cannot be what was sent.",
    "503": "Not at the moment; Retry-After says when to come back.",
    "504": "The view has not reached min_position in time.",
}
HEADERS = {
    "ETag": {"description": "What this answer is a state of.", "schema": {"type": "string"}},
    "Letopis-Position": {
        "description": "How far in the log this answer is true; give it to a read as min_position.",
        "schema": {"type": "integer", "minimum": 0},
    },
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON pointer (RFC 6901) to the field; empty for the whole.")
    code: str
    message: str
    in_: str = Field(default="body", alias="in", description="body, query, path or header")


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457); further members are the facts of the code."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable: programs decide by it.")
    errors: list[FieldProblem] | None = None


class RecordedEvent(BaseModel):
    """One fact the command recorded."""

    topic: str
    position: int


class Receipt(BaseModel):
    """What an accepted command did; the same command with the same key gets the same receipt."""

    command_id: str = Field(json_schema_extra={"format": "uuid"})
    stream_id: str = Field(json_schema_extra={"format": "uuid"})
    version: int
    position: int
    events: list[RecordedEvent]
    replayed: bool


class BatchAnswer(BaseModel):
    """One receipt (with status 200) or problem for each command, in order."""

    results: list[dict[str, Any]]


class ApiDocument:
    """Writes the OpenAPI document once, when somebody first asks."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._document: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        if self._document is None:
            self._document = _document(self._app)
        return self._document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Letopis",
        version="1",
        summary="An event-sourced CRM backend",
        description="Commands record facts; reads show views of them. Times are UTC; money is a decimal string.",
        routes=app.routes,
    )
    paths = document["paths"]
    ours = (ProblemDetails, Receipt, BatchAnswer, Batch)
    models = [(model, "validation") for model in (*ours, *COMMANDS.values())]
    names, schemas = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for name, command in sorted(COMMANDS.items()):
        paths[f"/commands/{name}"] = {"post": _command(name, command, names[command, "validation"]["$ref"])}
    paths["/commands"] = {"post": _batch(names[Batch, "validation"]["$ref"])}
    for path, operations in paths.items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


def _command(name: str, command: type[Command], body: str) -> dict[str, Any]:
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255}}
    match = {"name": "If-Match", "in": "header", "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,18}")$'}}
    return {
        "tags": ["commands"],
        "operationId": name.replace("-", "_"),
        "summary": (command.__doc__ or name).strip().partition("\n")[0],
        "description": f"Roles: {', '.join(sorted(command.ROLES))}.",
        "parameters": [key, match],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": body}}}},
        "responses": {
            "200": _answer("The receipt.", "Receipt", tuple(HEADERS)),
            **{status: {} for status in ("404", "409", "412")},
        },
    }


def _batch(body: str) -> dict[str, Any]:
    return {
        "tags": ["commands"],
        "operationId": "batch",
        "summary": "Up to 1,000 commands in order, all or each for itself",
        "description": "Each command needs its own role.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": body}}}},
        "responses": {"200": _answer("One result per command.", "BatchAnswer", ("Letopis-Position",)), "409": {}},
    }


def _answer(meaning: str, model: str, headers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "description": meaning,
        "headers": {name: HEADERS[name] for name in headers},
        "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}},
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add what every operation has: its security, the refusals it can meet, and the form they are told in."""
    responses = operation["responses"]
    expected: set[str] = {"503"} if path not in {"/health", "/metrics"} else set()
    if path not in PUBLIC:
        operation["security"] = [{"bearer": []}]
        expected |= {"401", "403"}
    if "requestBody" in operation:
        expected |= {"400", "413", "415", "422"}
    if operation.get("parameters"):
        expected |= {"422"}
    if any(
        parameter["in"] == "query" and parameter["name"] == "min_position"
        for parameter in operation.get("parameters", [])
    ):
        expected |= {"504"}
    for status in expected:
        responses.setdefault(status, {})
    for status, response in responses.items():
        if status in MEANINGS:
            response["description"] = MEANINGS[status]
            response["content"] = {"application/problem+json": {"schema": {"$ref": REF.format(model="ProblemDetails")}}}
    operation["responses"] = dict(sorted(responses.items()))
    operation.setdefault("operationId", f"{method}_{path.strip('/').replace('/', '_')}")
