"""How old records enter the log: with their own dates and people, as it happened, or by today's rule if strict.

These commands carry thousands of rows a second: they look at what a row needs and at nothing else.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.import_run import ImportRun
from aggregates.pipeline import Pipeline
from aggregates.product import Product, product_id
from aggregates.staff import StaffMember
from commands.approach import Approach, approach_in_history
from commands.base import Command, Context, GivenMoment, Outcome, handles
from commands.client import ContactPointGiven
from commands.ids import (
    ClientId,
    DealId,
    ImportId,
    MaybeClientId,
    MaybeImportId,
    MaybeStaffId,
    PipelineId,
    StaffId,
)
from commands.roles import IMPORT
from events.values import (
    AffiliationRole,
    ClientKind,
    Code,
    Money,
    ProfileFact,
    ShortText,
    StaffRole,
    Text,
)

NOT_STATED = "not stated"
"""The reason of a loss whose record names none."""


class StartImport(Command):
    """Begin to read a file or folder of old records."""

    ROLES = IMPORT

    import_id: MaybeImportId = None
    source: ShortText
    is_strict: bool = False


class FinishImport(Command):
    """Account for every row of the source."""

    ROLES = IMPORT

    import_id: ImportId
    rows: Annotated[int, Field(ge=0, le=10**12)]
    accepted: Annotated[int, Field(ge=0, le=10**12)]
    refused: Annotated[int, Field(ge=0, le=10**12)]
    wrong: Annotated[int, Field(ge=0, le=10**12)]


class HistoryCommand(Command):
    """A row of old records; `occurred_at` is its date, or the import's stated date with `date_unknown`."""

    ROLES = IMPORT

    import_id: ImportId
    date_unknown: bool = False


class ImportStaff(HistoryCommand):
    """Enter a staff member from old records, who may have left since."""

    staff_id: StaffId
    name: ShortText
    role: StaffRole
    team: ShortText | None = None
    branch: ShortText | None = None
    head_id: MaybeStaffId = None
    departed_at: GivenMoment | None = None


class ImportClient(HistoryCommand):
    """Enter a client from old records, which may know no phone; the parent may be entered later."""

    client_id: ClientId
    kind: ClientKind
    name: ShortText
    contact_points: Annotated[tuple[ContactPointGiven, ...], Field(max_length=50)] = ()
    tax_id: ShortText | None = None
    profile: Annotated[tuple[ProfileFact, ...], Field(max_length=50)] = ()
    source: ShortText
    external_id: ShortText | None = None
    parent_id: MaybeClientId = None
    organisation_id: MaybeClientId = None
    affiliation_role: AffiliationRole = AffiliationRole.OTHER
    duplicate_reason: Text | None = None

    @model_validator(mode="after")
    def _in_its_place(self) -> Self:
        if self.parent_id == self.client_id:
            raise ValueError("an organisation cannot belong to itself")
        if self.organisation_id is not None and self.kind is not ClientKind.PERSON:
            raise ValueError("only a person acts for an organisation")
        return self


class ImportProduct(HistoryCommand):
    """Enter a product from old records, with its other spellings."""

    code: Code
    name: ShortText
    series: ShortText | None = None
    aliases: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()


class ImportDeal(HistoryCommand):
    """Enter a deal from old records: when it began, and how it ended if it did.

    With a client and a date of engagement it claims a client nobody owns from that date; on somebody else's client
    it is refused if `strict`, else accepted as it happened. Without either it neither claims nor is refused.
    """

    deal_id: DealId
    client_id: MaybeClientId = None
    seller_id: StaffId
    pipeline_id: PipelineId
    product_code: Code | None = None
    engaged_at: GivenMoment | None = None
    stage: Code
    outcome: Literal["won", "lost", "none"] = "none"
    closed_at: GivenMoment | None = None
    amount: Money | None = None
    lost_reason: Text | None = None
    external_id: ShortText
    strict: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.engaged_at is not None and self.closed_at is not None and self.closed_at < self.engaged_at:
            raise ValueError("closed_at is before engaged_at")
        if self.outcome == "won" and self.amount is None:
            raise ValueError("a won deal needs its amount")
        return self


@handles(StartImport)
def start_import(command: StartImport, context: Context) -> Outcome:
    """Start."""
    run = context.new(ImportRun, command.import_id)
    run.begin(source=command.source, is_strict=command.is_strict)
    return context.save(run)


@handles(FinishImport)
def finish_import(command: FinishImport, context: Context) -> Outcome:
    """Finish."""
    run = context.load(ImportRun, command.import_id)
    run.finish(rows=command.rows, accepted=command.accepted, refused=command.refused, wrong=command.wrong)
    return context.save(run)


@handles(ImportStaff)
def import_staff(command: ImportStaff, context: Context) -> Outcome:
    """Enter the staff member, and the departure on its own day."""
    member = context.new(StaffMember, command.staff_id)
    member.hire(
        name=command.name,
        role=command.role,
        team=command.team,
        branch=command.branch,
        head_id=command.head_id,
        date_unknown=command.date_unknown,
    )
    if command.departed_at is not None:
        with member.occurring_at(command.departed_at):
            member.depart()
    return context.save(member)


@handles(ImportClient)
def import_client(command: ImportClient, context: Context) -> Outcome:
    """Enter the client."""
    organisation = None if command.organisation_id is None else context.load(Client, command.organisation_id)
    if organisation is not None:
        organisation.check_organisation()
    client = context.new(Client, command.client_id)
    client.register(
        kind=command.kind,
        name=command.name,
        source=command.source,
        contact_points=[point.with_key() for point in command.contact_points],
        tax_id=command.tax_id,
        profile=command.profile,
        external_id=command.external_id,
        date_unknown=command.date_unknown,
        duplicate_reason=command.duplicate_reason,
        is_history=True,
    )
    if command.parent_id is not None:
        client.recall_parent(command.parent_id)
    if organisation is not None:
        client.affiliate(organisation, command.affiliation_role)
    return context.save(client)


@handles(ImportProduct)
def import_product(command: ImportProduct, context: Context) -> Outcome:
    """Enter the product."""
    product = context.new(Product, product_id(command.code))
    product.enter(code=command.code, name=command.name, series=command.series, aliases=command.aliases)
    return context.save(product)


@handles(ImportDeal)
def import_deal(command: ImportDeal, context: Context) -> Outcome:
    """Enter the deal, its end, and the claim it makes, each on its own day."""
    seller = context.load(StaffMember, command.seller_id)
    pipeline = context.load(Pipeline, command.pipeline_id)
    offer = Approach(seller)
    if command.client_id is not None and command.engaged_at is None:
        context.load(Client, command.client_id)
    elif command.engaged_at is not None:
        offer = approach_in_history(context, seller, command.client_id, strict=command.strict)
    deal = context.new(Deal, command.deal_id)
    opened_at = command.engaged_at or context.occurred_at
    with deal.occurring_at(opened_at):
        deal.open(
            seller_id=command.seller_id,
            pipeline=pipeline,
            stage=command.stage,
            client_id=command.client_id,
            product_code=command.product_code,
            amount=command.amount if command.outcome == "none" else None,
            external_id=command.external_id,
            date_unknown=command.date_unknown or command.engaged_at is None,
        )
    _end(deal, command, command.closed_at or opened_at)
    return context.save(deal, *offer.claim_at(opened_at))


def _end(deal: Deal, command: ImportDeal, closed_at: datetime) -> None:
    if command.outcome == "none":
        return
    with deal.occurring_at(closed_at):
        if command.outcome == "won":
            deal.win(command.amount)
        else:
            deal.lose(command.lost_reason or NOT_STATED)
