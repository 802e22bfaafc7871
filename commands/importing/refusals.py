"""What is told of a row whose command cannot be made, or was not carried out: which cell, and why."""

from pydantic import ValidationError

from aggregates.base import DomainError, WrongValueError
from commands.errors import KeyReusedError, RequestError
from commands.execution.pending import Answer
from commands.importing.own_fields import PREFIX
from commands.importing.problems import Problem
from commands.importing.sheet import Sheet
from infra.tables.delimited import Record

_CODES_OF_MISFITS = {
    "string_too_long": "too-long",
    "greater_than_equal": "wrong-amount",
    "not_a_currency": "not-a-currency",
    "too_many_decimals": "too-many-decimals",
}


def misfit(sheet: Sheet, error: ValidationError) -> Problem:
    """Say which cell made a command impossible."""
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    column = sheet.column_of(field.removesuffix("_id").removesuffix("_code"))
    value = first["input"] if isinstance(first["input"], str) else ""
    code = _CODES_OF_MISFITS.get(first["type"], "wrong-value")
    return Problem(code, column, value, {"reason": first["msg"], **first.get("ctx", {})})


_FIELDS_OF_KIND = {
    "staff": ("seller", "staff", "head"),
    "client": ("client", "organisation", "contact"),
    "phone": ("phone",),
    "email": ("email",),
    "tax_id": ("tax_id",),
    "product": ("product",),
    "pipeline": ("pipeline",),
    "deal": ("deal",),
}


_KIND_OF_CODE = {"client-owned": "client", "stage-is-unknown": "stage", "stage-is-retired": "stage"}


def refusal(sheet: Sheet, record: Record, answer: Answer) -> tuple[str, Problem]:
    """Return whether the row was wrong or refused, and why; a bug is raised and ends the import."""
    if isinstance(answer, KeyReusedError):
        return "refused", Problem("changed-since-imported")
    if isinstance(answer, ValidationError):
        return "wrong", misfit(sheet, answer)
    if not isinstance(answer, (DomainError, RequestError)):
        assert isinstance(answer, Exception)  # noqa: S101 - Accepted was taken care of
        raise answer
    kind = str(answer.facts.get("kind", _KIND_OF_CODE.get(answer.code, "")))
    fields = _FIELDS_OF_KIND.get(kind, (kind,))
    own = f"{PREFIX}{answer.facts.get('code', '')}"
    field = next((field for field in (own, *fields) if sheet.column_of(field)), None)
    column, value = ("", "") if field is None else (sheet.column_of(field), sheet.text(record, field) or "")
    outcome = "wrong" if isinstance(answer, WrongValueError) else "refused"
    return outcome, Problem(answer.code, column, value, answer.facts)
