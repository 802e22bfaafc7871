"""What the answers of the write side and all refusals look like, for the description of the interface."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


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
    errors_left_out: int | None = Field(default=None, description="How many more fields are wrong than are told.")


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


class BatchReceipt(Receipt):
    """The receipt of one command of a batch."""

    status: Literal[200]


class BatchAnswer(BaseModel):
    """One receipt (with status 200) or problem for each command, in order."""

    results: list[BatchReceipt | ProblemDetails]


class ParkedPlace(BaseModel):
    """A stream that waits in the analytics for a fact that could not be loaded; `place` is its key as JSON."""

    place: str
    position: int
    topic: str
    reason: str
    parked_at: datetime


class AnalyticsStanding(BaseModel):
    """How the analytics stand: up to which position they count, why not further, and what waits."""

    state: Literal["building", "live", "broken"]
    position: int
    problem: str | None
    stale: Literal["behind", "broken"] | None
    parked: list[ParkedPlace]


class TriedPlace(BaseModel):
    """What became of a stream that waited: it flows again, or waits at `position`."""

    place: str
    position: int | None
    reason: str | None


class TriedPlaces(BaseModel):
    """What became of the streams that waited."""

    tried: list[TriedPlace]


class Rebuilt(BaseModel):
    """What the analytics were filled up to."""

    position: int


class Differences(BaseModel):
    """The analytics tables that are not what the log makes; empty when all is well."""

    differences: list[dict[str, Any]]
