"""What reads may be asked with, whatever they are about."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# PostgreSQL's text has every character but this one.
PlainText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]

AsOfText = Annotated[str | None, Field(max_length=100, examples=["2026-06-30"])]

# Parameters that may be given several times: any of the values will do.
REPEATABLE = frozenset({"topic"})


class Question(BaseModel):
    """What every read may be asked with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_position: Annotated[
        int | None, Field(ge=0, lt=2**63, description="Wait until the view has reached this position of the log.")
    ] = None


class PastQuestion(Question):
    """What a read may be asked with that can also say how things stood."""

    as_of: AsOfText = None


class PageQuestion(PastQuestion):
    """What every list may be asked with; the other members are its filters."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many items a page has at most.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")] = None
    count: Annotated[bool, Field(description="Count all items; it costs time.")] = False

    def filters(self) -> dict[str, Any]:
        """Return the filters that are given."""
        given = self.model_dump(exclude_none=True)
        return {name: value for name, value in given.items() if name not in PageQuestion.model_fields}
