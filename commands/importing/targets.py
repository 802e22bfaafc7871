"""How a row becomes a command of history, for each kind of thing that can be imported."""

from collections.abc import Callable, Set
from decimal import Decimal
from functools import lru_cache
from typing import Literal, cast, get_args

from pydantic import ValidationError

from commands.activity import ImportActivity
from commands.base import Command
from commands.deal_import import ImportDeal
from commands.importing.beside_row import TAGS
from commands.importing.client_row import TRAITS, client_row
from commands.importing.contacts import CONTACTS
from commands.importing.frame import Frame, chosen, common, named
from commands.importing.mapping import Mapping
from commands.importing.names import code_of
from commands.importing.own_fields import NO_OWN, OwnFields, check_own
from commands.importing.problems import MappingError
from commands.importing.refusals import misfit
from commands.importing.row import Row
from commands.money import given_money
from commands.product import ImportProduct
from commands.staff import ImportStaff
from events.values import (
    CallStatus,
    Channel,
    Direction,
    LossReason,
    Money,
    StaffRole,
)

Outcome = Literal["won", "lost", "none"]
OUTCOMES = get_args(Outcome)


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
        client_id=named(row, frame, "client", "client"),
        seller_id=frame.id_of("staff", row.needed("seller")),
        pipeline_id=frame.id_of("pipeline", pipeline),
        product_code=None if product is None else code_of(product),
        engaged_at=engaged_at,
        stage=code_of(stage),
        outcome=cast(Outcome, row.choice("outcome", OUTCOMES) or "none"),
        closed_at=row.moment("closed_at"),
        amount=_money(row, frame),
        lost_reason=row.text("lost_reason"),
        lost_reason_code=chosen(row, "lost_reason_code", LossReason),
        external_id=row.external_id,
        strict=frame.strict,
    )


def staff(row: Row, frame: Frame) -> Command:
    """Enter a staff member."""
    return ImportStaff(
        **common(row, frame, "date"),
        staff_id=frame.id_of("staff", row.external_id),
        name=row.needed("name"),
        role=chosen(row, "role", StaffRole) or StaffRole.SELLER,
        team=row.text("team"),
        branch=row.text("branch"),
        head_id=named(row, frame, "staff", "head"),
        departed_at=row.moment("departed_at"),
    )


def product(row: Row, frame: Frame) -> Command:
    """Enter a product under the code made of its name, unless the file names one."""
    name = row.needed("name")
    return ImportProduct(
        **common(row, frame, "date"),
        code=code_of(row.text("code") or name),
        name=name,
        series=row.text("series"),
        aliases=tuple(cell.value for cell in row.cells("alias") if cell.value != name),
    )


def activity(row: Row, frame: Frame) -> Command:
    """Enter a touchpoint."""
    return ImportActivity(
        **common(row, frame, "date"),
        activity_id=frame.id_of("activity", row.external_id),
        channel=chosen(row, "channel", Channel) or Channel.TASK,
        direction=chosen(row, "direction", Direction) or Direction.OUTBOUND,
        staff_id=named(row, frame, "staff", "staff"),
        client_id=named(row, frame, "client", "client"),
        contact_id=named(row, frame, "client", "contact"),
        deal_id=named(row, frame, "deal", "deal"),
        is_offer=row.flag("is_offer"),
        call_status=chosen(row, "call_status", CallStatus),
        contact_name=row.text("contact_name"),
        contact_data=row.text("contact_data"),
        topic=row.text("topic"),
        result=row.text("result"),
        strict=frame.strict,
    )


Build = Callable[[Row, Frame], Command]
BUILDERS: dict[str, Build] = {
    "client": client_row,
    "deal": deal,
    "staff": staff,
    "product": product,
    "activity": activity,
}


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


FIELDS: dict[str, frozenset[str]] = {
    "client": frozenset(
        {"date", "kind", "name", "tax_id", "parent", "organisation", "affiliation_role", TAGS, *CONTACTS, *TRAITS}
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


def check_fields(mapping: Mapping, own: OwnFields = NO_OWN) -> None:
    """Raise MappingError for a field the target does not have; `own`: the company's own fields of clients."""
    names: Set[str] = {*mapping.fields, *mapping.values}
    if mapping.target == "client":
        names = check_own(names, own)
    unknown = sorted(names - FIELDS[mapping.target])
    if unknown:
        known = ", ".join(sorted(FIELDS[mapping.target]))
        raise MappingError("no-such-field", target=mapping.target, fields=", ".join(unknown), known=known)
    if mapping.mode != "create" and mapping.target != "client":
        raise MappingError("only-clients-are-updated", target=mapping.target, mode=mapping.mode)
    clearable = {*TRAITS, *own} & mapping.fields.keys() if mapping.mode != "create" else set()
    unclear = sorted(set(mapping.clear) - clearable)
    if unclear:
        raise MappingError("cannot-be-cleared", fields=", ".join(unclear), known=", ".join(TRAITS))


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
