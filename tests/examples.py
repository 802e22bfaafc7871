"""One canonical example of every fact and of every command; the company they tell of is the same everywhere.

Anna and Boris sell in Yekaterinburg and Perm, Vera is their head; Romashka is an organisation and Olga its buyer.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from aggregates.identity import contact_point
from commands import activity as ask_activity
from commands import client as ask_client
from commands import deal as ask_deal
from commands import history, history_activity, ownership
from commands import pipeline as ask_pipeline
from commands import product as ask_product
from commands import staff as ask_staff
from commands.base import Command
from events import activity, client, deal, import_run, pipeline, product, staff
from events.base import Event
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    ClientKind,
    Confidence,
    ContactKind,
    Direction,
    Lifecycle,
    Money,
    OwnershipCause,
    ProfileFact,
    ProfileField,
    StaffRole,
    Stage,
)


def _id(number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{number:012d}")


ANNA, BORIS, VERA, ADMIN, SVETLANA = (_id(number) for number in range(1, 6))
ROMASHKA, OLGA, HOLDING, LUTIK = (_id(number) for number in range(11, 15))
MEETING, CALL = _id(21), _id(22)
SALE, OTHER_SALE = _id(31), _id(32)
ROAD, OTHER_ROAD = _id(41), _id(42)
IMPORT = _id(51)
GTX = "gtx-pro"

DAY = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 9, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRICE = Money(amount=Decimal("4821.00"), currency="USD")
DISCOUNTED = Money(amount=Decimal("4500.00"), currency="USD")
PHONE = contact_point(ContactKind.PHONE, "8 (922) 325-12-93", "office")
EMAIL = contact_point(ContactKind.EMAIL, "Olga@Romashka.example")
INN = "7707083893"
SECTOR = ProfileFact(field=ProfileField.SECTOR, value="retail", source="2gis", confidence=Confidence.VERIFIED)
OFFER = Stage(code="offer", name="Offer", probability=20)
CONTRACT = Stage(code="contract", name="Contract", probability=70)
PAYMENT = Stage(code="payment", name="Payment", probability=90)

EVENTS: tuple[Event, ...] = (
    staff.StaffHired(name="Anna", role=StaffRole.SELLER, team="East", branch="Yekaterinburg", head_id=VERA),
    staff.StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.HEAD),
    staff.StaffMoved(
        from_team="East", to_team="West", from_branch="Yekaterinburg", to_branch="Perm", from_head_id=VERA
    ),
    staff.StaffDeparted(successor_id=BORIS, head_id=VERA, reason="moved to another city"),
    client.ClientRegistered(
        kind=ClientKind.ORGANISATION,
        name="Romashka",
        contact_points=(PHONE,),
        tax_id=INN,
        profile=(SECTOR,),
        source="entered by hand",
    ),
    client.ClientRenamed(from_name="Romashka", to_name="Romashka Plus"),
    client.ContactPointAdded(point=EMAIL, source="web form"),
    client.ContactPointCorrected(from_point=PHONE, to_point=EMAIL, source="entered by hand"),
    client.ContactPointRemoved(point=EMAIL, reason="bounces"),
    client.TaxIdCorrected(from_tax_id=None, to_tax_id=INN, source="contract"),
    client.ProfileCorrected(field=ProfileField.SECTOR, from_value="retail", to_value="wholesale", source="meeting"),
    client.ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.BUYER),
    client.AffiliationEnded(organisation_id=ROMASHKA, reason="left"),
    client.SubsidiaryDeclared(parent_id=HOLDING),
    client.ClientClaimed(owner_id=ANNA, cause=OwnershipCause.OFFER),
    client.ClientTransferred(
        from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="they quarrelled"
    ),
    client.ClientReleased(from_owner_id=ANNA, cause=OwnershipCause.RELEASE, reason="nobody follows it"),
    client.LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CONTACTED),
    client.ClientArchived(reason="closed down"),
    client.ClientRestored(reason="opened again"),
    activity.ActivityPlanned(
        channel=Channel.MEETING,
        staff_id=ANNA,
        client_id=ROMASHKA,
        contact_id=OLGA,
        topic="Contract",
        due_at=DAY,
        remind_before=HOUR,
    ),
    activity.ActivityRescheduled(from_due_at=DAY, to_due_at=LATER, reason="Olga is ill", remind_before=HOUR),
    activity.ActivityReminderFell(remind_at=DAY - HOUR, due_at=DAY, staff_id=ANNA),
    activity.ActivityHeld(
        channel=Channel.MEETING,
        direction=Direction.OUTBOUND,
        staff_id=ANNA,
        client_id=ROMASHKA,
        contact_name="Olga Petrova",
        contact_data="+7 922 325-12-93",
        topic="Contract",
        result="Agreed on the price",
    ),
    activity.CallClassified(from_status=CallStatus.TAKEN_TO_WORK, to_status=CallStatus.FINISHED, staff_id=ANNA),
    activity.ActivityClientNamed(client_id=ROMASHKA, channel=Channel.CALL, direction=Direction.INBOUND, held_at=DAY),
    activity.ActivityNoted(text="Asked for a catalogue"),
    activity.ActivityCancelled(reason="not needed any more"),
    pipeline.PipelineDefined(name="Retail", stages=(OFFER, CONTRACT)),
    pipeline.StageAdded(stage=PAYMENT, after="contract"),
    pipeline.StageRevised(from_stage=OFFER, to_stage=OFFER.model_copy(update={"probability": 30})),
    pipeline.StageRetired(stage="offer"),
    deal.DealOpened(
        client_id=ROMASHKA, seller_id=ANNA, pipeline_id=ROAD, stage="offer", product_code=GTX, amount=PRICE
    ),
    deal.DealClientNamed(client_id=ROMASHKA),
    deal.DealMoved(from_stage="offer", to_stage="contract"),
    deal.DealRevalued(from_amount=PRICE, to_amount=DISCOUNTED, reason="a regular client"),
    deal.DealHandedOver(from_seller_id=ANNA, to_seller_id=BORIS, reason="vacation"),
    deal.DealWon(from_stage="contract", amount=DISCOUNTED, seller_id=ANNA, product_code=GTX),
    deal.DealLost(from_stage="offer", reason="too dear", seller_id=ANNA),
    deal.DealReopened(to_stage="offer", reason="they called back"),
    product.ProductListed(code=GTX, name="GTX Pro", series="GTX", aliases=("GTXPro",)),
    product.ProductRenamed(from_name="GTX Pro", to_name="GTX Pro 2"),
    product.ProductAliasAdded(alias="GTX-Pro"),
    product.ProductWithdrawn(),
    import_run.ImportStarted(source="maven-crm"),
    import_run.ImportFinished(rows=8800, accepted=8799, refused=1, wrong=0),
)

OFFICE_PHONE = ask_client.ContactPointGiven(kind=ContactKind.PHONE, value="8 (922) 325-12-93", label="office")
OLGAS_EMAIL = ask_client.ContactPointGiven(kind=ContactKind.EMAIL, value="Olga@Romashka.example")

COMMANDS: tuple[Command, ...] = (
    ask_staff.HireStaff(staff_id=ANNA, name="Anna", role=StaffRole.SELLER, team="East", branch="Yekaterinburg"),
    ask_staff.ChangeStaffRole(staff_id=ANNA, role=StaffRole.HEAD),
    ask_staff.MoveStaff(staff_id=ANNA, branch="Perm"),
    ask_staff.DepartStaff(staff_id=ANNA, successor_id=BORIS, reason="moved to another city"),
    ask_client.RegisterClient(
        client_id=ROMASHKA,
        kind=ClientKind.ORGANISATION,
        name="Romashka",
        contact_points=(OFFICE_PHONE,),
        tax_id=INN,
        profile=(SECTOR,),
    ),
    ask_client.RenameClient(client_id=ROMASHKA, name="Romashka Plus"),
    ask_client.AddContactPoint(client_id=ROMASHKA, point=OLGAS_EMAIL, source="web form"),
    ask_client.CorrectContactPoint(client_id=ROMASHKA, from_point=OFFICE_PHONE, to_point=OLGAS_EMAIL),
    ask_client.RemoveContactPoint(client_id=ROMASHKA, point=OLGAS_EMAIL, reason="bounces"),
    ask_client.CorrectTaxId(client_id=ROMASHKA, tax_id=INN, source="contract"),
    ask_client.CorrectProfile(client_id=ROMASHKA, field=ProfileField.SECTOR, value="wholesale", source="meeting"),
    ask_client.AdvanceLifecycle(client_id=ROMASHKA, to_state=Lifecycle.CONTACTED),
    ask_client.ArchiveClient(client_id=ROMASHKA, reason="closed down"),
    ask_client.RestoreClient(client_id=ROMASHKA, reason="opened again"),
    ownership.AffiliatePerson(client_id=OLGA, organisation_id=ROMASHKA, role=AffiliationRole.BUYER),
    ownership.EndAffiliation(client_id=OLGA, organisation_id=ROMASHKA, reason="left"),
    ownership.DeclareSubsidiary(client_id=ROMASHKA, parent_id=HOLDING),
    ownership.ClaimClient(client_id=ROMASHKA),
    ownership.TransferClient(client_id=ROMASHKA, to_seller_id=BORIS, reason="they quarrelled"),
    ownership.ReleaseClient(client_id=ROMASHKA, reason="nobody follows it"),
    ownership.ReassignClient(client_id=ROMASHKA, departed_id=ANNA, successor_id=BORIS, head_id=VERA),
    ask_activity.PlanActivity(
        activity_id=MEETING,
        channel=Channel.MEETING,
        client_id=ROMASHKA,
        contact_id=OLGA,
        topic="Contract",
        due_at=DAY,
        remind_before=HOUR,
    ),
    ask_activity.RescheduleActivity(activity_id=MEETING, due_at=LATER, reason="Olga is ill"),
    ask_activity.FallReminder(activity_id=MEETING, remind_at=DAY - HOUR),
    ask_activity.HoldActivity(activity_id=MEETING, result="Agreed on the price"),
    ask_activity.RecordActivity(
        activity_id=CALL,
        channel=Channel.CALL,
        direction=Direction.INBOUND,
        client_id=ROMASHKA,
        call_status=CallStatus.TAKEN_TO_WORK,
        topic="Delivery",
    ),
    ask_activity.ClassifyCall(activity_id=CALL, status=CallStatus.FINISHED),
    ask_activity.NameActivityClient(activity_id=CALL, client_id=ROMASHKA),
    ask_activity.NoteActivity(activity_id=CALL, text="Asked for a catalogue"),
    ask_activity.CancelActivity(activity_id=MEETING, reason="not needed any more"),
    ask_pipeline.DefinePipeline(pipeline_id=ROAD, name="Retail", stages=(OFFER, CONTRACT)),
    ask_pipeline.AddStage(pipeline_id=ROAD, stage=PAYMENT, after="contract"),
    ask_pipeline.ReviseStage(pipeline_id=ROAD, stage=OFFER.model_copy(update={"probability": 30})),
    ask_pipeline.RetireStage(pipeline_id=ROAD, stage="offer"),
    ask_deal.OpenDeal(deal_id=SALE, client_id=ROMASHKA, pipeline_id=ROAD, product_code=GTX, amount=PRICE),
    ask_deal.NameDealClient(deal_id=SALE, client_id=ROMASHKA),
    ask_deal.MoveDeal(deal_id=SALE, to_stage="contract"),
    ask_deal.RevalueDeal(deal_id=SALE, amount=DISCOUNTED, reason="a regular client"),
    ask_deal.HandOverDeal(deal_id=SALE, to_seller_id=BORIS, reason="vacation"),
    ask_deal.WinDeal(deal_id=SALE, amount=DISCOUNTED),
    ask_deal.LoseDeal(deal_id=SALE, reason="too dear"),
    ask_deal.ReopenDeal(deal_id=SALE, reason="they called back"),
    ask_product.ListProduct(code=GTX, name="GTX Pro", series="GTX", aliases=("GTXPro",)),
    ask_product.RenameProduct(code=GTX, name="GTX Pro 2"),
    ask_product.AddProductAlias(code=GTX, alias="GTX-Pro"),
    ask_product.WithdrawProduct(code=GTX),
    history.StartImport(import_id=IMPORT, source="maven-crm"),
    history.FinishImport(import_id=IMPORT, rows=8800, accepted=8799, refused=1, wrong=0),
    history.ImportStaff(import_id=IMPORT, staff_id=ANNA, name="Anna", role=StaffRole.SELLER, date_unknown=True),
    history.ImportClient(
        import_id=IMPORT, client_id=ROMASHKA, kind=ClientKind.ORGANISATION, name="Romashka", source="maven-crm"
    ),
    history.ImportProduct(import_id=IMPORT, code=GTX, name="GTX Pro", aliases=("GTXPro",)),
    history.ImportDeal(
        import_id=IMPORT,
        deal_id=SALE,
        client_id=ROMASHKA,
        seller_id=ANNA,
        pipeline_id=ROAD,
        engaged_at=datetime(2016, 10, 20, tzinfo=UTC),
        stage="contract",
        outcome="won",
        closed_at=datetime(2017, 3, 1, tzinfo=UTC),
        amount=PRICE,
        external_id="1C1I7A6R",
    ),
    history_activity.ImportActivity(
        import_id=IMPORT, activity_id=CALL, channel=Channel.CALL, direction=Direction.INBOUND, client_id=ROMASHKA
    ),
)

E = TypeVar("E", bound=Event)
C = TypeVar("C", bound=Command)


def example_of(topic: str) -> Event:
    """Return the example of the fact that is stored under this name."""
    return next(event for event in EVENTS if topic == event.TOPIC)


def fact(event_type: type[E], **other: object) -> E:
    """Return the example of a fact, with other values where the story needs them."""
    example = next(event for event in EVENTS if type(event) is event_type)
    return event_type(**{**dict(example), **other})


def command(command_type: type[C], **other: object) -> C:
    """Return the example of a command, with other values where the story needs them."""
    example = next(each for each in COMMANDS if type(each) is command_type)
    return command_type(**{**{name: getattr(example, name) for name in example.model_fields_set}, **other})
