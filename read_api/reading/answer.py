"""What answers are made of: models that describe them, each member of which names its SQL; the database makes the JSON.

A member without an `Sql` of its own is the view's column of its name.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, create_model

from infra import amounts, moments
from read_api.reading.statement import Statement

ItemT = TypeVar("ItemT")


@dataclass(frozen=True)
class Sql:
    """Where a member of an answer comes from.

    `{column}` stands for the view's column of the member's name, `{row}` for the row that it is a column of.
    """

    text: str


def amount_in(currency: str) -> Sql:
    """Return where an amount comes from whose currency is in this column: a text, that nobody takes for a float."""
    return Sql(amounts.postgres_text("{column}", f"{{row}}.{currency}"))


NOT_SELECTED = Sql("")
"""What is put into an answer after the database made it."""


class Answer(BaseModel):
    """Part of an answer; money is a decimal string beside its currency, times are UTC."""

    model_config = ConfigDict(extra="forbid")


class Whole(Answer):
    """An answer by itself; `parked`, where it is there, is the position of a fact that could not be taken in."""

    parked: Annotated[int | None, NOT_SELECTED] = None


class Page(Whole, Generic[ItemT]):
    """Some items of a list; `next` is the cursor of the page after, null on the last one."""

    items: list[ItemT]
    next: str | None
    count: int | None = None


def page_or_part_of(item: type[BaseModel]) -> UnionType:
    """Return what a list answers: whole items, or, to who names `fields`, what names each and the members asked for.

    What names an item is the first member of its own.
    """
    key = next(name for name in item.model_fields if name not in Whole.model_fields)
    parts: dict[str, Any] = {
        name: (field.annotation, ... if name == key else None) for name, field in item.model_fields.items()
    }
    part = create_model(
        f"PartOf{item.__name__}",
        __base__=Answer,
        __doc__=f"{item.__name__} with those members alone that were named in `fields`, and what names it.",
        **parts,
    )
    return Page[item] | Page[part]  # type: ignore[return-value,valid-type] # known only now


class Items(Whole, Generic[ItemT]):
    """A list short enough to be given whole."""

    items: list[ItemT]


class Sum(Answer):
    """An amount in one currency."""

    currency: str
    amount: Annotated[str, amount_in("currency")]


def columns(model: type[BaseModel], alias: str, only: Collection[str] | None = None) -> dict[str, str]:
    """Return the SQL of each member of an answer, or of these, made of the rows of a view under this alias.

    A member that is a moment is the text that it is everywhere, whatever its SQL.
    """
    found = {}
    for name, field in model.model_fields.items():
        if only is not None and name not in only:
            continue
        given = next((one.text for one in field.metadata if isinstance(one, Sql)), "{column}")
        if given:
            told = given.replace("{column}", f"{alias}.{name}").replace("{row}", alias)
            is_moment = datetime in (field.annotation, *get_args(field.annotation))
            found[name] = moments.postgres_text(told) if is_moment else told
    return found


def members(model: type[BaseModel], alias: str, **instead: str) -> str:
    """Return the members of an answer as arguments of json_build_object; `instead` is other SQL for some of them."""
    return members_from({**columns(model, alias), **instead})


def members_from(given: Mapping[str, str]) -> str:
    """Return members of an answer, each with its SQL, as arguments of json_build_object."""
    return ", ".join(f"'{name}', {value}" for name, value in given.items())


def json_of(model: type[BaseModel], alias: str, **instead: str) -> str:
    """Return the SQL that makes the JSON of one answer."""
    return f"json_build_object({members(model, alias, **instead)})"


def list_of(item: str, source: str, order: str) -> str:
    """Return the SQL that makes a JSON list of what a source (FROM and WHERE) gives, in an order."""
    return f"(SELECT coalesce(json_agg({item} ORDER BY {order}), '[]') FROM {source})"  # noqa: S608 - constants


def sums_of(alias: str) -> str:
    """Return the SQL that makes the list of amounts by currency of rows (currency, amount) under this alias."""
    known = f"FILTER (WHERE {alias}.currency IS NOT NULL)"
    return f"coalesce(json_agg({json_of(Sum, alias)} ORDER BY {alias}.currency) {known}, '[]')"


def told_of(model: type[BaseModel], alias: str, source: str, **more: str) -> str:
    """Return the join that gives, as `one`, the answer (told) that a source (FROM and WHERE) has, and its version.

    `more` are members that the answer has beside its own, each with its SQL. Where the source has nothing: NULLs.
    """
    return f"""LEFT JOIN (
    SELECT {json_of(model, alias, **more)}::text AS told, {alias}.version
    FROM {source}
) AS one ON true"""  # noqa: S608 - put together from constants


def one_of(
    model: type[BaseModel], alias: str, source: str, *, views: tuple[str, ...], names: tuple[str, ...] = ()
) -> Statement:
    """Return the statement that gives the one answer that a source (FROM and WHERE) has, and its version; or NULLs."""
    return one_told(told_of(model, alias, source), views=views, names=names)


def exists(view: str, condition: str) -> Statement:
    """Return the statement that tells whether a view has a row `v` of which the condition is true."""
    return Statement(f"\nSELECT seen.*, EXISTS (SELECT FROM {view} AS v WHERE {condition})\nFROM seen", (view,))


def one_told(told: str, *, views: tuple[str, ...], names: tuple[str, ...] = ()) -> Statement:
    """Return the statement that gives the one answer that a join of `told_of` has, and its version."""
    return Statement(f"\nSELECT seen.*, one.told, one.version\nFROM seen\n{told}", views, names)
