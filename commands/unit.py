"""Teams and branches as commands name them: by id, or by the name under which one is opened if there is none."""

from typing import TypeVar
from uuid import UUID

from aggregates.base import NotFoundError
from aggregates.staff import StaffMember
from aggregates.unit import Unit
from commands.base import Command, Context, Outcome, found_or_new, wrong_field

U = TypeVar("U", bound=Unit)


def check_one_way(command: Command, *pairs: tuple[str, str]) -> None:
    """Refuse a command that names a unit by its id and by its name as well; raises PydanticCustomError."""
    for by_id, by_name in pairs:
        if {by_id, by_name} <= command.model_fields_set:
            raise wrong_field(by_name, "given_with_other", "give {other} or {field}, not both", other=by_id)


def unit_given(context: Context, kind: type[U], unit_id: UUID | None, name: str | None) -> U | None:
    """Return the unit that is named; under a name that nobody has, one that is not opened yet (see `open_if_new`).

    Raises UnitIsClosedError, and NotFoundError for an id under which nothing is known.
    """
    if unit_id is not None:
        unit = by_id(context, kind, unit_id)
    elif name is not None:
        unit = of_name(context, kind, name)
        if unit.stands_for is not None:
            unit = context.load(kind, unit.stands_for)
    else:
        return None
    unit.check_open()
    return unit


def by_id(context: Context, kind: type[U], unit_id: UUID) -> U:
    """Return the unit of an id; raises NotFoundError, also for an id under which only a name is known to be taken."""
    unit = context.load(kind, unit_id)
    if not unit.was_opened:
        raise NotFoundError(kind=kind.KIND, id=unit_id)
    return unit


def open_if_new(unit: Unit, name: str | None) -> None:
    """Open a unit under the name it was asked for by, unless there is one; call it when nothing can be refused."""
    if name is not None and not unit.exists:
        unit.open(name=name)


def of_name(context: Context, kind: type[U], name: str) -> U:
    """Return what is known under a name, which may be nothing yet."""
    unit_id = kind.id_of(name)
    return found_or_new(context, kind, unit_id)


def rename(context: Context, kind: type[U], unit_id: UUID, name: str) -> Outcome:
    """Give a unit another name, which must be nobody else's."""
    unit = by_id(context, kind, unit_id)
    if kind.id_of(name) == unit.id:
        unit.rename(name, unit)
        return context.save(unit)
    named = of_name(context, kind, name)
    unit.rename(name, named)
    return context.save(unit, named)


def open_unit(context: Context, kind: type[U], name: str, head_id: UUID | None) -> Outcome:
    """Open a unit under a head, if one is named, who works here."""
    _check_head(context, head_id)
    unit = of_name(context, kind, name)
    unit.open(name=name, head_id=head_id)
    return context.save(unit)


def move_under_head(
    context: Context, kind: type[U], unit_id: UUID, head_id: UUID | None, reason: str | None
) -> Outcome:
    """Put a unit under another head, if one is named, who works here."""
    _check_head(context, head_id)
    unit = by_id(context, kind, unit_id)
    unit.move_under_head(head_id, reason=reason)
    return context.save(unit)


def close(context: Context, kind: type[U], unit_id: UUID, reason: str) -> Outcome:
    """Close a unit."""
    unit = by_id(context, kind, unit_id)
    unit.close(reason=reason)
    return context.save(unit)


def _check_head(context: Context, head_id: UUID | None) -> None:
    if head_id is not None:
        context.load(StaffMember, head_id).check_active()
