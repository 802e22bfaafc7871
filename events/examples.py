"""The company that every example tells of, and what puts an example beside the fact or command it is of.

Anna and Boris sell in Yekaterinburg and Perm, Vera is their head; Romashka is an organisation and Olga its buyer. The
examples are shown in the description of the interface and told in every test.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel

from events.ids import (
    branch_named,
    custom_field_of,
    dates_of,
    fields_of,
    files_of,
    ladder_of,
    login_of,
    pair_of,
    permission_of,
    plan_of,
    portal_login_of,
    relation_of,
    rights_of,
    source_named,
    tags_of,
    tax_rate_of,
    team_named,
)
from events.labels import FieldOption, GivenLabels
from events.values import Confidence, ContactKind, ContactPoint, Money, ProfileFact, ProfileField, Stage

M = TypeVar("M", bound=BaseModel)


def _id(number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{number:012d}")


ANNA, BORIS, VERA, ADMIN, SVETLANA = (_id(number) for number in range(1, 6))
EAST, EAST_BY_NEW_NAME, WEST = team_named("East"), team_named("Key accounts"), team_named("West")
NORTH, NORTH_BY_NEW_NAME, PERM = branch_named("Yekaterinburg"), branch_named("Ural"), branch_named("Perm")
ROMASHKA, OLGA, HOLDING, LUTIK = (_id(number) for number in range(11, 15))
PLAN_OF_ANNA = plan_of(ANNA, date(2026, 5, 1), date(2026, 5, 31))
ROMASHKA_AND_HOLDING = pair_of(ROMASHKA, HOLDING)
HOLDING_REFERRED_ROMASHKA = relation_of(ROMASHKA, HOLDING, "referrer")
DATES_OF_ROMASHKA, FILES_OF_ROMASHKA = dates_of(ROMASHKA), files_of(ROMASHKA)
FIELDS_OF_ROMASHKA = fields_of(ROMASHKA)
MAY_ROMASHKA, TAGS_OF_ROMASHKA = permission_of(ROMASHKA), tags_of(ROMASHKA)
MEETING, CALL = _id(21), _id(22)
SALE, OTHER_SALE = _id(31), _id(32)
ROAD, OTHER_ROAD = _id(41), _id(42)
FIRST_IMPORT = _id(51)
STRAY_CLIENT, STRAY_CALL, STRAY_SALE = _id(15), _id(23), _id(33)
MAVEN = source_named("maven-crm")
REMARK, OFFER_SHEET = _id(61), _id(62)
SHOP_KEY = _id(71)
DIGEST, NEXT_DIGEST = (sha256(secret).hexdigest() for secret in (b"a secret", b"the next one"))
PROVIDER, SUBJECT = "https://login.example.org/realms/staff", "f:7a1c:anna"
ANNA_AT_PROVIDER = login_of(PROVIDER, SUBJECT)
OLGAS_SUBJECT = "f:93b0:olga"
OLGA_AT_PROVIDER = portal_login_of(login_of(PROVIDER, OLGAS_SUBJECT))
RIGHTS_OF_OPERATORS, RIGHTS_OF_SELLERS = rights_of("operator"), rights_of("seller")
GTX, GTX_PLUS = "gtx-pro", "gtx-plus"
VAT = "vat"
RETAIL = _id(81)
GTX_LADDER = ladder_of(RETAIL, GTX)
VAT_RATE = tax_rate_of(VAT)
TEMPERATURE = "temperature"
TEMPERATURE_FIELD = custom_field_of(TEMPERATURE)
HOT, HOT_BY_NEW_NAME, WARM, COLD = (
    FieldOption(code=code, labels=GivenLabels(en=en, ru=ru))
    for code, en, ru in (
        ("hot", "Hot", "Горячий"),
        ("hot", "Very hot", "Очень горячий"),
        ("warm", "Warm", "Тёплый"),
        ("cold", "Cold", "Холодный"),
    )
)
NOTICE_TEXT = "2026-06"
GTX_ID = UUID("37cd3df2-3eb6-5638-b5ec-e47faecc91ed")

DAY = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 9, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUARTER = timedelta(days=90)
PRICE = Money(amount=Decimal("4821.00"), currency="USD")
DISCOUNTED = Money(amount=Decimal("4500.00"), currency="USD")
PHONE = ContactPoint(kind=ContactKind.PHONE, value="8 (922) 325-12-93", key="+79223251293", label="office")
EMAIL = ContactPoint(kind=ContactKind.EMAIL, value="Olga@Romashka.example", key="olga@romashka.example")
INN = "7707083893"
KPP = "770701001"
SECTOR = ProfileFact(field=ProfileField.SECTOR, value="retail", source="2gis", confidence=Confidence.VERIFIED)
OFFER = Stage(code="offer", name="Offer", probability=20)
CONTRACT = Stage(code="contract", name="Contract", probability=70)
PAYMENT = Stage(code="payment", name="Payment", probability=90)
OFFER_REVISED = Stage(code="offer", name="Offer", probability=30)


class Example(NamedTuple):
    """What an example says, and on which stream (of a command: None)."""

    fields: dict[str, Any]
    on: UUID | None


class NoExampleError(LookupError):
    """A fact or a command has no example beside it."""

    def __init__(self, kind: type[BaseModel]) -> None:
        super().__init__(
            f"{kind.__name__} has no example: put `@example(…)` with its fields above the class in {kind.__module__};"
            " the description of the interface and the tests tell it."
        )


def example(*, on: UUID | None = None, **fields: Any) -> Callable[[type[M]], type[M]]:
    """Put beside a fact or a command the one example that is told of it everywhere; `on`: the stream of a fact."""

    def keep(kind: type[M]) -> type[M]:
        _EXAMPLES[kind] = Example(fields, on)
        return kind

    return keep


_EXAMPLES: dict[type[BaseModel], Example] = {}


def example_of(kind: type[M]) -> M:
    """Return the example of a fact or a command; raises NoExampleError, for a wrong one pydantic.ValidationError."""
    return kind(**_example(kind).fields)


def stream_of_example(kind: type[BaseModel]) -> UUID:
    """Return the stream that the example of a fact is on; raises NoExampleError."""
    on = _example(kind).on
    if on is None:
        raise NoExampleError(kind)
    return on


def require_example(kind: type[BaseModel]) -> None:
    """Raise NoExampleError unless there is an example beside the fact or command."""
    _example(kind)


def _example(kind: type[BaseModel]) -> Example:
    try:
        return _EXAMPLES[kind]
    except KeyError:
        raise NoExampleError(kind) from None
