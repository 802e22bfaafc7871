"""How a row becomes a command of history, for each kind of thing that can be imported."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Literal, TypeVar, cast, get_args
from uuid import UUID

from pydantic import ValidationError

from commands.activity import ImportActivity
from commands.base import Command
from commands.client import ImportClient
from commands.deal_import import ImportDeal
from commands.importing.contacts import CONTACTS, contact_points_of, tax_id_of
from commands.importing.mapping import Mapping
from commands.importing.names import code_of, imported_id
from commands.importing.problems import MappingError
from commands.importing.refusals import misfit
from commands.importing.row import Row
from commands.money import given_money
from commands.product import ImportProduct
from commands.staff import ImportStaff
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    ClientKind,
    Direction,
    LossReason,
    Money,
    ProfileField,
    StaffRole,
)

Outcome = Literal["won", "lost", "none"]
OUTCOMES = get_args(Outcome)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of one import have in common."""

    import_id: UUID
    mapping: Mapping
    strict: bool

    def id_of(self, kind: str, name: str) -> UUID:
        """Return the id of a thing by what it is called in the source."""
        return imported_id(self.mapping.source, kind, name)


def client(row: Row, frame: Frame) -> Command:
    """Enter a person or an organisation."""
    kind = _chosen(row, "kind", ClientKind) or ClientKind.ORGANISATION
    return ImportClient.model_validate(
        {
            **_common(row, frame, "date"),
            "client_id": frame.id_of("client", row.external_id),
            "kind": kind,
            "name": row.needed("name"),
            "contact_points": tuple(contact_points_of(row)),
            "tax_id": tax_id_of(row, kind),
            "profile": tuple(_profile(row)),
            "source": frame.mapping.source,
            "external_id": row.external_id,
            "parent_id": _named(row, frame, "client", "parent"),
            "organisation_id": _named(row, frame, "client", "organisation"),
            "affiliation_role": _chosen(row, "affiliation_role", AffiliationRole) or AffiliationRole.OTHER,
            "duplicate_reason": frame.mapping.duplicate_reason,
        }
    )


def deal(row: Row, frame: Frame) -> Command:
    """Enter a deal with its days, its people, and its end."""
    product, stage = row.text("product"), row.needed("stage")
    pipeline = frame.mapping.pipeline.name if frame.mapping.pipeline else row.needed("pipeline")
    engaged_at = row.moment("engaged_at")
    return ImportDeal(
        import_id=frame.import_id,
        occurred_at=engaged_at or frame.mapping.stated_moment,
        date_unknown=engaged_at is None,
        deal_id=frame.id_of("deal", row.external_id),
        client_id=_named(row, frame, "client", "client"),
        seller_id=frame.id_of("staff", row.needed("seller")),
        pipeline_id=frame.id_of("pipeline", pipeline),
        product_code=None if product is None else code_of(product),
        engaged_at=engaged_at,
        stage=code_of(stage),
        outcome=cast(Outcome, row.choice("outcome", OUTCOMES) or "none"),
        closed_at=row.moment("closed_at"),
        amount=_money(row, frame),
        lost_reason=row.text("lost_reason"),
        lost_reason_code=_chosen(row, "lost_reason_code", LossReason),
        external_id=row.external_id,
        strict=frame.strict,
    )


def staff(row: Row, frame: Frame) -> Command:
    """Enter a staff member."""
    return ImportStaff(
        **_common(row, frame, "date"),
        staff_id=frame.id_of("staff", row.external_id),
        name=row.needed("name"),
        role=_chosen(row, "role", StaffRole) or StaffRole.SELLER,
        team=row.text("team"),
        branch=row.text("branch"),
        head_id=_named(row, frame, "staff", "head"),
        departed_at=row.moment("departed_at"),
    )


def product(row: Row, frame: Frame) -> Command:
    """Enter a product under the code made of its name, unless the file names one."""
    name = row.needed("name")
    return ImportProduct(
        **_common(row, frame, "date"),
        code=code_of(row.text("code") or name),
        name=name,
        series=row.text("series"),
        aliases=tuple(cell.value for cell in row.cells("alias") if cell.value != name),
    )


def activity(row: Row, frame: Frame) -> Command:
    """Enter a touchpoint."""
    return ImportActivity(
        **_common(row, frame, "date"),
        activity_id=frame.id_of("activity", row.external_id),
        channel=_chosen(row, "channel", Channel) or Channel.TASK,
        direction=_chosen(row, "direction", Direction) or Direction.OUTBOUND,
        staff_id=_named(row, frame, "staff", "staff"),
        client_id=_named(row, frame, "client", "client"),
        contact_id=_named(row, frame, "client", "contact"),
        deal_id=_named(row, frame, "deal", "deal"),
        is_offer=row.flag("is_offer"),
        call_status=_chosen(row, "call_status", CallStatus),
        contact_name=row.text("contact_name"),
        contact_data=row.text("contact_data"),
        topic=row.text("topic"),
        result=row.text("result"),
        strict=frame.strict,
    )


Build = Callable[[Row, Frame], Command]
BUILDERS: dict[str, Build] = {"client": client, "deal": deal, "staff": staff, "product": product, "activity": activity}


def made(row: Row, frame: Frame) -> Command | None:
    """Return the command of a row; None: its problems say why there is none."""
    if row.is_damaged:
        return None
    command: Command | None = None
    try:
        command = BUILDERS[frame.mapping.target](row, frame)
    except ValidationError as error:
        # Of a row with wrong cells nothing fits.
        if not row.problems:
            row.problems.append(misfit(row.sheet, error))
    return None if row.problems else command


_TRAITS = {each.value: each for each in ProfileField}
FIELDS: dict[str, frozenset[str]] = {
    "client": frozenset(
        {"date", "kind", "name", "tax_id", "parent", "organisation", "affiliation_role", *CONTACTS, *_TRAITS}
    ),
    "deal": frozenset(
        {
            "client",
            "seller",
            "pipeline",
            "product",
            "stage",
            "outcome",
            "engaged_at",
            "closed_at",
            "amount",
            "currency",
            "lost_reason",
            "lost_reason_code",
        }
    ),
    "staff": frozenset({"date", "name", "role", "team", "branch", "head", "departed_at"}),
    "product": frozenset({"date", "name", "code", "series", "alias"}),
    "activity": frozenset(
        {
            "date",
            "channel",
            "direction",
            "staff",
            "client",
            "contact",
            "deal",
            "is_offer",
            "call_status",
            "contact_name",
            "contact_data",
            "topic",
            "result",
        }
    ),
}


def check_fields(mapping: Mapping) -> None:
    """Raise MappingError for a field the target does not have."""
    unknown = sorted({*mapping.fields, *mapping.values} - FIELDS[mapping.target])
    if unknown:
        known = ", ".join(sorted(FIELDS[mapping.target]))
        raise MappingError("no-such-field", target=mapping.target, fields=", ".join(unknown), known=known)


def _common(row: Row, frame: Frame, date_field: str) -> dict[str, Any]:
    moment: datetime | None = row.moment(date_field)
    return {
        "import_id": frame.import_id,
        "occurred_at": moment or frame.mapping.stated_moment,
        "date_unknown": moment is None,
    }


def _chosen(row: Row, field: str, choices: type[E]) -> E | None:
    """Return which of the choices a field names, None when it is blank."""
    code = row.choice(field, _codes(choices)) if row.sheet.is_mapped(field) else None
    return None if code is None else choices(code)


@cache
def _codes(choices: type[StrEnum]) -> tuple[str, ...]:
    return tuple(choices)


def _named(row: Row, frame: Frame, kind: str, field: str) -> UUID | None:
    name = row.text(field)
    return None if name is None else frame.id_of(kind, name)


def _money(row: Row, frame: Frame) -> Money | None:
    amount = row.amount("amount")
    if amount is None:
        return None
    currency = row.text("currency") or frame.mapping.currency or amount.currency
    if currency is None:
        row.wrong("missing", row.sheet.column_of("amount"), field="currency")
        return None
    if amount.currency not in {None, currency}:
        row.wrong("other-currency", row.sheet.column_of("amount"), row.text("amount") or "", currency=currency)
        return None
    return _money_of(amount.value, currency)


@lru_cache(maxsize=10_000)
def _money_of(amount: Decimal, currency: str) -> Money:
    return given_money({"amount": amount, "currency": currency})


def _profile(row: Row) -> Iterable[dict[str, Any]]:
    source = row.sheet.mapping.source
    for name in row.sheet.mapped(_TRAITS):
        field = _TRAITS[name]
        if field is ProfileField.NOTE:
            value = "\n".join(cell.value for cell in row.cells(name)) or None
        else:
            value = row.text(name)
        if value is not None:
            yield {"field": field, "value": value, "source": source}
