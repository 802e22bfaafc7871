"""The mapping file: which column of a CSV file says what, and what the file does not say."""

import tomllib
from collections.abc import Mapping as Dictionary
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from commands.importing.problems import MappingError
from events.values import ShortText, Stage
from infra.amounts import Currency

Target = Literal["client", "deal", "staff", "product", "activity"]
Column = Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)]
"""A column by its name in the header, or by its number from 1."""

BLANKS = ("", "null", "n/a", "#n/a", "none", "-", "—")


class Part(BaseModel):
    """A part of the mapping file: unknown keys are slips and refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldRule(Part):
    """Where a field comes from: columns (joined, or one value each where a field has many), or one constant.

    `unit` is what the numbers of the column are in; it is written behind them.
    """

    columns: tuple[Column, ...] = ()
    join: str = " "
    unit: str = ""
    value: str | None = None


def _rule(given: object) -> object:
    """Let a column be named plainly, and several in a list."""
    if isinstance(given, (str, int)):
        return {"columns": [given]}
    if isinstance(given, list):
        return {"columns": given}
    if isinstance(given, dict) and "column" in given:
        return {**{key: each for key, each in given.items() if key != "column"}, "columns": [given["column"]]}
    return given


class NewPipeline(Part):
    """A pipeline the import defines when it is not there yet."""

    name: ShortText
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]


class Mapping(Part):
    """How to read one CSV file. Ids are made of `source` and the external id: the same row stays the same thing."""

    source: ShortText
    target: Target
    fields: dict[str, Annotated[FieldRule, BeforeValidator(_rule)]]
    values: dict[str, dict[str, str]] = {}
    external_id: Column | None = None
    repeated_rows: Literal["one", "each"] = "one"
    header: bool | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    blanks: tuple[str, ...] = BLANKS
    zone: str = "UTC"
    dates: tuple[str, ...] = ()
    stated_date: date | datetime | None = None
    currency: Currency | None = None
    phone_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "RU"
    area_code: str | None = None
    doubtful_contacts: Literal["refuse", "note"] = "refuse"
    duplicate_reason: ShortText | None = None
    pipeline: NewPipeline | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value} is no time zone; name one like Europe/Moscow") from None
        return value

    @property
    def stated_moment(self) -> datetime | None:
        """The moment given to rows without a date; None: the moment of the import."""
        stated = self.stated_date
        if stated is None:
            return None
        moment = stated if isinstance(stated, datetime) else datetime.combine(stated, time())
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(self.zone))
        return aware.astimezone(UTC)


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file (TOML); raises MappingError, which says what to correct, and OSError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{path.name} is no TOML file: {error}.") from None
    return make_mapping(content, name=path.name)


def make_mapping(content: Dictionary[str, Any], *, name: str = "The mapping") -> Mapping:
    """Return the mapping these values say; raises MappingError."""
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'mapping'}: {each['msg']}" for each in error.errors())
        raise MappingError(f"{name} cannot be used: {wrong}.") from None
