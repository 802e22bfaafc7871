"""What the answers look like, for the description of the interface; they are made as JSON by the database itself."""

from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

ItemT = TypeVar("ItemT")


class Answer(BaseModel):
    """Part of an answer; money is a decimal string beside its currency, times are UTC."""

    model_config = ConfigDict(extra="forbid")


class Whole(Answer):
    """An answer by itself; `parked`, where it is there, is the position of a fact that could not be taken in."""

    parked: int | None = None


class Page(Whole, Generic[ItemT]):
    """Some items of a list; `next` is the cursor of the page after, null on the last one."""

    items: list[ItemT]
    next: str | None
    count: int | None = None


class Sum(Answer):
    """An amount in one currency."""

    currency: str
    amount: str


class Person(Answer):
    """A staff member as others name them."""

    id: UUID
    name: str | None
    branch: str | None


class Client(Answer):
    """A client in a list."""

    client_id: UUID
    kind: str | None
    name: str | None
    owner_id: UUID | None
    owner_name: str | None
    owned_since: datetime | None
    lifecycle: str | None
    archived_at: datetime | None
    registered_at: datetime | None
    last_touch_at: datetime | None
    last_touch_channel: str | None
    touch_count: int
    version: int
    position: int


class ContactPoint(Answer):
    """A way to reach the client: as typed, and the form it is compared in."""

    kind: str
    value: str
    key: str
    label: str | None = None
    source: str | None = None
    order: int | None = None


class ProfileTrait(Answer):
    """One trait, where it came from and how sure we are."""

    value: str
    source: str | None = None
    confidence: str | None = None


class Contact(Answer):
    """A person acting for an organisation, or the organisation a person acts for."""

    client_id: UUID
    name: str | None
    role: str | None
    is_active: bool
    since: datetime | None
    ended_at: datetime | None


class OpenDeals(Answer):
    """The open deals of a client: how many, and what they are thought to be worth by currency."""

    count: int
    sums: list[Sum]


class Subsidiary(Answer):
    """An organisation that belongs to the client."""

    client_id: UUID
    name: str | None


class ClientCard(Client, Whole):
    """Everything a front-office screen shows of one client."""

    owner: Person | None
    contact_points: list[ContactPoint]
    tax_id: str | None
    profile: dict[str, ProfileTrait]
    parent_id: UUID | None
    parent_name: str | None
    date_unknown: bool
    source: str | None
    external_id: str | None
    last_touch_direction: str | None
    open_deals: OpenDeals
    contact_persons: list[Contact]
    organisations: list[Contact]
    subsidiaries: list[Subsidiary]


class TimelineEntry(Answer):
    """One fact in a client's story."""

    event_position: int
    occurred_at: datetime
    recorded_at: datetime
    topic: str
    stream_id: UUID
    actor: str
    staff_id: UUID | None
    staff_name: str | None
    channel: str | None
    direction: str | None
    details: dict[str, Any]


class OwnershipChange(Answer):
    """One change of a client's owning manager; `until` is empty for the state that holds now."""

    event_position: int
    from_owner_id: UUID | None
    from_owner_name: str | None
    to_owner_id: UUID | None
    to_owner_name: str | None
    cause: str
    reason: str | None
    occurred_at: datetime
    recorded_at: datetime
    until: datetime | None
    actor: str


class HistoryEntry(Answer):
    """One fact as an auditor reads it; `facts` is null once the person was forgotten."""

    position: int
    event_id: UUID
    stream_id: UUID
    version: int
    topic: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    parties: list[UUID]
    facts: dict[str, Any] | None


class Refusal(Answer):
    """Something somebody tried with the client and was not allowed to; ids only, no names."""

    refused_at: datetime
    actor: str
    command: str
    code: str
    facts: dict[str, Any]


class HistoryPage(Page[HistoryEntry]):
    """Facts in order, and the refusals of the same time."""

    refusals: list[Refusal]


class Deal(Whole):
    """A deal as it stands; `stage` is the open stage it is in, or was in at its end."""

    deal_id: UUID
    client_id: UUID | None
    client_name: str | None
    seller_id: UUID | None
    seller_name: str | None
    pipeline_id: UUID | None
    stage: str | None
    stage_since: datetime | None
    status: str
    title: str | None
    product_code: str | None
    amount: str | None
    currency: str | None
    won_amount: str | None
    won_currency: str | None
    opened_at: datetime | None
    closed_at: datetime | None
    lost_reason: str | None
    external_id: str | None
    date_unknown: bool
    version: int
    position: int


class Count(Answer):
    """How many deals, and what they are worth by currency."""

    count: int
    sums: list[Sum]


class BoardStage(Count):
    """One column of the board."""

    code: str
    name: str | None
    probability: int | None
    is_retired: bool


class Board(Page[Deal]):
    """The board of one pipeline: its stages in order, what is won and lost, and the open deals page by page."""

    pipeline_id: UUID
    name: str | None
    stages: list[BoardStage]
    won: Count
    lost: Count


class Activity(Answer):
    """One touchpoint or task, planned, held or cancelled."""

    activity_id: UUID
    state: str | None
    channel: str | None
    direction: str | None
    staff_id: UUID | None
    staff_name: str | None
    client_id: UUID | None
    client_name: str | None
    contact_id: UUID | None
    deal_id: UUID | None
    topic: str | None
    due_at: datetime | None
    held_at: datetime | None
    cancelled_at: datetime | None
    takes_place_at: datetime | None
    result: str | None
    cancel_reason: str | None
    call_status: str | None
    contact_name: str | None
    contact_data: str | None
    is_offer: bool
    was_planned: bool
    date_unknown: bool
    note_count: int
    last_note: str | None
    remind_at: datetime | None
    reminded_at: datetime | None
    version: int
    position: int


class MyDay(Whole):
    """What a staff member has to do: up to 200 of each, the oldest first."""

    staff_id: UUID
    day: date
    overdue: list[Activity]
    due: list[Activity]
    calls_to_classify: list[Activity]


class StaffMember(Answer):
    """A staff member as the directory shows them."""

    staff_id: UUID
    name: str | None
    role: str | None
    team: str | None
    branch: str | None
    head_id: UUID | None
    hired_at: datetime | None
    departed_at: datetime | None
    successor_id: UUID | None
    version: int
    position: int


class Counters(Whole):
    """What a staff member did in a period of whole days."""

    staff_id: UUID
    name: str | None
    from_day: date
    to_day: date
    contacts: int
    meetings: int
    calls: int
    offers: int
    deals_opened: int
    deals_won: int
    deals_lost: int
    clients_claimed: int
    won: list[Sum]


class Product(Answer):
    """One product of the catalogue."""

    product_id: UUID
    code: str | None
    name: str | None
    series: str | None
    aliases: list[str]
    listed_at: datetime | None
    withdrawn_at: datetime | None
    version: int
    position: int


class PipelineStage(Answer):
    """One stage of a pipeline, in order."""

    code: str
    name: str | None
    probability: int | None
    is_retired: bool


class Pipeline(Answer):
    """One road of stages that deals take."""

    pipeline_id: UUID
    name: str | None
    stages: list[PipelineStage]
    defined_at: datetime | None
    version: int
    position: int


class Items(Whole, Generic[ItemT]):
    """A list short enough to be given whole."""

    items: list[ItemT]


class RebuildWorker(Answer):
    """How far one worker of a rebuild is: facts folded, rows written, facts a second."""

    worker: int
    events: int
    rows: int
    per_second: float


class Rebuild(Answer):
    """How a rebuild is going: `done` facts of `total` were folded; `fraction` and `eta_seconds` are of all its phases.

    A rebuild that was killed is `lost`: it is begun anew.
    """

    phase: str
    is_running: bool
    is_paused: bool
    done: int
    total: int
    per_second: float
    fraction: float
    eta_seconds: float | None
    workers: list[RebuildWorker]
    throttle: int | None
    error: str | None
    started_at: datetime
    told_at: datetime


class ProjectionStatus(Answer):
    """One build of a read model: which it is, how far it is, and why not further.

    `is_shown` says that the view of its shape shows it; `rebuild` how far it is while it is being built. `parked` of
    its places wait for a fact that could not be taken in, the first of them for the one at `parked_from`.
    """

    name: str
    generation: int
    shape: int
    state: str
    position: int
    head: int
    lag_events: int
    lag_seconds: float
    fingerprint: str
    error: str | None
    changed_at: datetime
    is_shown: bool
    rebuild: Rebuild | None
    parked: int
    parked_from: int | None


class RebuildStatus(Answer):
    """The newest rebuild of a read model, under way or ended."""

    name: str
    generation: int
    rebuild: Rebuild


class ReportParameter(Answer):
    """What a report may be asked with."""

    name: str
    type: str
    title: dict[str, str]
    default: str | None


class ReportColumn(Answer):
    """One column of a report, named for people by language."""

    name: str
    title: dict[str, str]


class Report(Answer):
    """A report that can be asked for."""

    name: str
    title: dict[str, str]
    parameters: list[ReportParameter]
    columns: list[ReportColumn]


class ReportAnswer(Answer):
    """The rows of a report; amounts are decimal strings."""

    report: str
    title: dict[str, str]
    columns: list[ReportColumn]
    rows: list[dict[str, Any]]
