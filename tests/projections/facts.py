"""Facts to fold: events under an envelope as the log would give them, and one of each kind."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from events import activity, branch, client, deal, pipeline, product, staff, team
from events.base import Event
from events.examples import example_of
from events.registry import declared_in
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    ClientKind,
    ContactKind,
    ContactPoint,
    Direction,
    Lifecycle,
    Money,
    OwnershipCause,
    ProfileFact,
    ProfileField,
    StaffRole,
    Stage,
)
from infra.log.envelope import Envelope
from infra.projector.folding import Rows
from infra.projector.projection import Key, Projection
from tests.played import play_events

E = TypeVar("E", bound=Event)

ROMASHKA, MARIA, VASILEK = UUID(int=0xC1), UUID(int=0xC2), UUID(int=0xC3)
ANNA, BORIS, HEAD = UUID(int=0x51), UUID(int=0x52), UUID(int=0x53)
DEAL, OTHER_DEAL = UUID(int=0xD1), UUID(int=0xD2)
CALL, OTHER_CALL = UUID(int=0xA1), UUID(int=0xA2)
NORTH, SOUTH, MOSCOW, PERM = (UUID(int=0xE0 + number) for number in range(1, 5))
PIPELINE, PRODUCT = UUID(int=0xB1), UUID(int=0xB2)
DAY_ONE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(position: int) -> datetime:
    """When the fact at this position happens unless told otherwise: an hour after the one before."""
    return DAY_ONE + timedelta(hours=position)


def fact(
    event: E,
    stream: UUID,
    position: int,
    *,
    subject: UUID | None = None,
    parties: Iterable[UUID] | None = None,
    occurred_at: datetime | None = None,
) -> E:
    """Return the event as the log would give it; its subject is its own stream unless told otherwise."""
    subject = subject or stream
    return event.model_copy().under(
        Envelope(
            position=position,
            event_id=UUID(int=position),
            stream_id=stream,
            version=position,
            topic=event.TOPIC,
            schema_version=event.SCHEMA_VERSION,
            subject_id=subject,
            occurred_at=occurred_at or at(position),
            recorded_at=at(position) + timedelta(minutes=1),
            actor=str(ANNA),
            command_id=UUID(int=position),
            correlation_id=UUID(int=position),
            causation_id=None,
            parties=(subject,) if parties is None else tuple(parties),
        )
    )


def folded(projection: Projection[Any], *facts: Event) -> dict[Key, Any]:
    """Return the rows a read model holds after these facts."""
    rows: Rows = {}
    play_events(projection, rows, facts)
    return {key: there.row for key, there in rows.items() if there.row is not None}


def phone(number: str = "+79161234567", label: str | None = None) -> ContactPoint:
    return ContactPoint(kind=ContactKind.PHONE, value=number, key=number, label=label)


def email(address: str = "info@romashka.ru") -> ContactPoint:
    return ContactPoint(kind=ContactKind.EMAIL, value=address.title(), key=address)


def rub(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="RUB")


def registered(name: str = "ООО «Ромашка»") -> client.ClientRegistered:
    return client.ClientRegistered(
        kind=ClientKind.ORGANISATION,
        name=name,
        contact_points=(phone(),),
        tax_id="7707083893",
        profile=(ProfileFact(field=ProfileField.SECTOR, value="retail", source="site"),),
        source="site",
        external_id="R-1",
    )


def held(channel: Channel = Channel.MEETING, **more: Any) -> activity.ActivityHeld:
    said = {"direction": Direction.OUTBOUND, "staff_id": ANNA, "client_id": ROMASHKA, **more}
    return activity.ActivityHeld.model_validate({"channel": channel, **said})


def planned() -> activity.ActivityPlanned:
    return activity.ActivityPlanned(
        channel=Channel.MEETING,
        staff_id=ANNA,
        client_id=ROMASHKA,
        contact_id=MARIA,
        topic="Prices",
        due_at=at(48),
        remind_before=HOUR,
    )


def opened(**more: Any) -> deal.DealOpened:
    said = {"client_id": ROMASHKA, "seller_id": ANNA, "pipeline_id": PIPELINE, "stage": "offer", "title": "Chairs"}
    return deal.DealOpened.model_validate({**said, "product_code": "chair", "amount": rub("1500.50"), **more})


FIRST_STAGES = (Stage(code="offer", name="Offer", probability=20), Stage(code="contract", name="Contract"))

ONE_OF_EACH: tuple[tuple[UUID, Event], ...] = (
    *(
        (NORTH if kind.TOPIC.startswith("team.") else MOSCOW, example_of(kind))
        for kind in declared_in([team, branch], Event)
    ),
    (ANNA, staff.StaffHired(name="Anna", role=StaffRole.SELLER, team_id=NORTH, branch_id=MOSCOW, head_id=HEAD)),
    (ANNA, staff.StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.HEAD)),
    (ANNA, staff.StaffMoved(from_team_id=NORTH, to_team_id=SOUTH, from_branch_id=MOSCOW, to_branch_id=PERM)),
    (ANNA, staff.StaffDeparted(successor_id=BORIS)),
    (ROMASHKA, registered()),
    (ROMASHKA, client.ClientRenamed(from_name="ООО «Ромашка»", to_name="АО «Ромашка»")),
    (ROMASHKA, client.ContactPointAdded(point=email(), source="call")),
    (ROMASHKA, client.ContactPointCorrected(from_point=phone(), to_point=phone("+74950000000"), source="call")),
    (ROMASHKA, client.ContactPointRemoved(point=email())),
    (ROMASHKA, client.TaxIdCorrected(from_tax_id="7707083893", to_tax_id="7736050003", source="register")),
    (ROMASHKA, client.ProfileCorrected(field=ProfileField.SECTOR, to_value="wholesale", source="call")),
    (MARIA, client.ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.BUYER)),
    (MARIA, client.AffiliationEnded(organisation_id=ROMASHKA)),
    (ROMASHKA, client.SubsidiaryDeclared(parent_id=VASILEK)),
    (ROMASHKA, client.ClientClaimed(owner_id=ANNA, cause=OwnershipCause.OFFER)),
    (
        ROMASHKA,
        client.ClientTransferred(
            from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="They asked"
        ),
    ),
    (ROMASHKA, client.ClientReleased(from_owner_id=BORIS, cause=OwnershipCause.RELEASE, reason="Gone quiet")),
    (ROMASHKA, client.LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CUSTOMER)),
    (ROMASHKA, client.ClientArchived(reason="Closed down")),
    (ROMASHKA, client.ClientRestored(reason="Opened again")),
    # These end what a plan sets: before it, so that there is something to show in the end.
    (CALL, activity.ActivityCancelled(reason="On holiday")),
    (CALL, activity.ActivityReminderFell(remind_at=at(71), due_at=at(72), staff_id=ANNA)),
    (CALL, planned()),
    (CALL, activity.ActivityRescheduled(from_due_at=at(48), to_due_at=at(72), remind_before=HOUR)),
    (CALL, held()),
    (CALL, activity.CallClassified(to_status=CallStatus.FINISHED, staff_id=ANNA)),
    (
        CALL,
        activity.ActivityClientNamed(client_id=ROMASHKA, channel=Channel.CALL, direction=Direction.INBOUND),
    ),
    (CALL, activity.ActivityNoted(text="Asked for a discount")),
    (PIPELINE, pipeline.PipelineDefined(name="Retail", stages=FIRST_STAGES)),
    (PIPELINE, pipeline.StageAdded(stage=Stage(code="trial", name="Trial"), after="offer")),
    (PIPELINE, pipeline.StageRevised(from_stage=FIRST_STAGES[0], to_stage=Stage(code="offer", name="Bid"))),
    (PIPELINE, pipeline.StageRetired(stage="contract")),
    (DEAL, opened()),
    (DEAL, deal.DealClientNamed(client_id=ROMASHKA)),
    (DEAL, deal.DealMoved(from_stage="offer", to_stage="contract")),
    (DEAL, deal.DealRevalued(to_amount=rub("900"))),
    (DEAL, deal.DealHandedOver(from_seller_id=ANNA, to_seller_id=BORIS)),
    (DEAL, deal.DealWon(from_stage="contract", amount=rub("1000.00"), seller_id=BORIS)),
    (DEAL, deal.DealLost(from_stage="contract", reason="Too dear", seller_id=BORIS)),
    (DEAL, deal.DealReopened(to_stage="offer", reason="They called back")),
    (PRODUCT, product.ProductListed(code="gtx-pro", name="GTX Pro", series="GTX", aliases=("GTXPro",))),
    (PRODUCT, product.ProductRenamed(from_name="GTX Pro", to_name="GTX Pro 2")),
    (PRODUCT, product.ProductAliasAdded(alias="GTX-Pro")),
    (PRODUCT, product.ProductWithdrawn()),
)
"""A stream and a fact on it, for every kind of fact that a read model folds."""


def subject_of(stream: UUID) -> UUID:
    """Return whom the facts of a stream are about: the activity and the deal are about the client."""
    return ROMASHKA if stream in {CALL, DEAL} else stream


def history(numbers: Iterable[int]) -> list[Event]:
    """Return a history made of the facts with these numbers in ONE_OF_EACH, at positions 1, 2, 3, …"""
    chosen = (ONE_OF_EACH[number] for number in numbers)
    return [
        fact(event, stream, position, subject=subject_of(stream)) for position, (stream, event) in enumerate(chosen, 1)
    ]
