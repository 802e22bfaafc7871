"""The mapping file: which column of a table says what, and what the table does not say."""

import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from commands.importing.amounts import Sign
from commands.importing.dates import Order
from commands.importing.problems import MappingError
from events.values import ShortText, Stage
from infra.amounts import Currency

Target = Literal["client", "deal", "staff", "product", "activity"]
Mode = Literal["create", "update", "create-or-update"]
"""Whether rows enter what is not there, or say what is otherwise with what is there, or both."""
Column = Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)]
"""A column by its name in the header, or by its number from 1."""

BLANKS = ("", "null", "n/a", "#n/a", "none", "-", "—")
"""Texts that say nothing, unless the mapping says otherwise; in a name they may be one."""


class Part(BaseModel):
    """A part of the mapping file: unknown keys are slips and refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldRule(Part):
    """Where a field comes from: columns (joined, or one value each where a field has many), or one constant.

    `first` takes the first of the columns that says anything; `split` is what stands between the values of one cell;
    `otherwise` is taken where all cells are blank. `unit` is what the numbers of the column are in; it is written
    behind them.
    """

    columns: tuple[Column, ...] = ()
    join: str = " "
    first: bool = False
    split: str = ""
    unit: str = ""
    value: str | None = None
    otherwise: str | None = None


def _rule(given: object) -> object:
    """Let a column be named plainly, and several in a list."""
    if isinstance(given, (str, int)):
        return {"columns": [given]}
    if isinstance(given, list):
        return {"columns": given}
    if isinstance(given, dict) and "column" in given:
        return {**{key: each for key, each in given.items() if key != "column"}, "columns": [given["column"]]}
    return given


Rule = Annotated[FieldRule, BeforeValidator(_rule)]


class Condition(Part):
    """Which rows are taken: those whose cell is one of some texts, or none of others; "" is a blank cell."""

    column: Column
    one_of: Annotated[tuple[str, ...] | None, Field(alias="is")] = None
    none_of: Annotated[tuple[str, ...] | None, Field(alias="is_not")] = None


class NewPipeline(Part):
    """A pipeline the import defines when it is not there yet."""

    name: ShortText
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]


def _columns(given: object) -> object:
    """Let one column stand without brackets."""
    return (given,) if isinstance(given, (str, int)) else given


def _kept(given: object) -> object:
    """Take what older mappings ask for: then what was no phone became a note."""
    return "keep" if given == "note" else given


class Mapping(Part):
    """How to read one table. Ids are made of `source` and the external id: the same row stays the same thing."""

    source: ShortText
    target: Target
    mode: Mode = "create"
    clear: tuple[str, ...] = ()
    fields: dict[str, Rule]
    values: dict[str, dict[str, str]] = {}
    external_id: Annotated[tuple[Column, ...], BeforeValidator(_columns)] = ()
    repeated_rows: Literal["one", "each"] = "one"
    where: tuple[Condition, ...] = ()
    header: bool | None = None
    header_rows: Literal[1, 2] | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: int | str | None = None
    blanks: tuple[str, ...] | None = None
    zone: str = "UTC"
    dates: tuple[str, ...] = ()
    date_order: Order | None = None
    decimal: Sign | None = None
    stated_date: date | datetime | None = None
    currency: Currency | None = None
    phone_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "RU"
    phone_country: Column | None = None
    area_code: str | None = None
    doubtful_contacts: Annotated[Literal["refuse", "keep"], BeforeValidator(_kept)] = "refuse"
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

    @cached_property
    def stated_moment(self) -> datetime | None:
        """The moment given to rows without a date; None: the moment of the import."""
        stated = self.stated_date
        if stated is None:
            return None
        moment = stated if isinstance(stated, datetime) else datetime.combine(stated, time())
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(self.zone))
        return aware.astimezone(UTC)

    def columns(self) -> Iterator[Column]:
        """Yield every column the mapping names."""
        for rule in self.fields.values():
            yield from rule.columns
        yield from self.external_id
        yield from (each.column for each in self.where)
        if self.phone_country is not None:
            yield self.phone_country


def read_mapping(path: Path, *, zone: str = "UTC") -> Mapping:
    """Read a mapping file (TOML), in whose own zone days begin, or in this one.

    Raises MappingError, which says what to correct, and OSError.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError("no-toml", name=path.name, reason=str(error)) from None
    return make_mapping({"zone": zone, **content}, name=path.name)


def make_mapping(content: Dictionary[str, Any], *, name: str = "The mapping") -> Mapping:
    """Return the mapping these values say; raises MappingError."""
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'mapping'}: {each['msg']}" for each in error.errors())
        raise MappingError("wrong-mapping", name=name, wrong=wrong) from None
