"""What a newcomer adds with the README's "Where to add": files that are new, and lines put into others."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class New:
    """A file that is not there yet."""

    path: str
    text: str

    def put(self, root: Path) -> None:
        """Write it."""
        path = root / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, encoding="utf-8")


@dataclass(frozen=True)
class After:
    """Lines put after a line that is there once."""

    path: str
    anchor: str
    text: str

    def put(self, root: Path) -> None:
        """Put them there; raises AssertionError when the line is not there, or more than once."""
        path = root / self.path
        text = path.read_text("utf-8")
        assert text.count(self.anchor) == 1, f"{self.path} has {text.count(self.anchor)} times {self.anchor!r}"
        path.write_text(text.replace(self.anchor, self.anchor + self.text), encoding="utf-8")


Step = New | After


# --- an event of a known aggregate -----------------------------------------------------------------------------------

PRAISED = '''

@example(on=SALE, text="They want it blue")
class DealPraised(Event):
    """The client praised what was offered."""

    TOPIC: ClassVar[str] = "deal.praised"

    text: Annotated[Text, PERSONAL]
'''
PRAISED_RULE = '''
    def praise(self, text: str) -> None:
        """Record praise."""
        self.trigger_event(DealPraised, text=text)

    @applies(DealPraised)
    def _praised(self, _: DealPraised) -> None:
        """Praise changes nothing."""

'''
PRAISED_ROW = """

@pipeline_board.on(DealPraised, reads=())
def praised(row: Row, event: DealPraised, _: Key) -> DealRow:
    return _after(_deal(row, event), event)
"""
PRAISED_STORY = """

def test_praise_of_a_deal_is_kept() -> None:
    story = given(*COMPANY, on(SALE, OPENED)).when_asked(Deal, SALE, lambda deal: deal.praise("They want it blue"))
    story.then(on(SALE, fact(DealPraised)))
"""
DEAL_IMPORT = "    DealMoved,\n"

EVENT_CLASS = After("events/deal.py", "    to_stage: Code\n    reason: Annotated[Text, PERSONAL]\n", PRAISED)
FOLD = After(
    "aggregates/deal.py",
    "        self.lost_reason = self.lost_reason_code = None\n",
    PRAISED_RULE,
)
FOLD_IMPORT = After("aggregates/deal.py", DEAL_IMPORT, "    DealPraised,\n")
SHOWN_IMPORT = After("projections/sales/pipeline_board.py", DEAL_IMPORT, "    DealPraised,\n")
COUNTED = After("projections/sales/facts.py", "        deal.DealReopened,\n", "        deal.DealPraised,\n")
TOLD_IMPORT = After("tests/commands/test_deal.py", DEAL_IMPORT, "    DealPraised,\n")

# --- a command with a rule -------------------------------------------------------------------------------------------

ABANDON = '''
@example(deal_id=SALE, reason="nobody answers")
class AbandonDeal(Command):
    """Let go of a deal that is not under contract yet."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    reason: Text


'''
ABANDON_HANDLER = """

@handles(AbandonDeal)
def abandon_deal(command: AbandonDeal, context: Context) -> Outcome:
    deal = context.load(Deal, command.deal_id)
    deal.abandon(command.reason)
    return context.save(deal)
"""
ABANDON_ERROR = '''
class DealIsUnderContractError(RuleBrokenError):
    """A deal under contract is lost, not abandoned; facts: deal_id."""

    code = "deal-is-under-contract"


'''
ABANDON_RULE = '''    def abandon(self, reason: str) -> None:
        """Record the loss of a deal that is not under contract; a lost one records nothing."""
        if self.stage == "contract" and self.status is DealStatus.OPEN:
            raise DealIsUnderContractError(deal_id=self.id)
        self.lose(reason)

'''
ABANDON_WORDS = """
["deal-is-under-contract"]
en.title = "The deal is under contract"
en.detail = "Lose it with a reason, or move it back first."
ru.title = "По сделке есть договор"
ru.detail = "Закройте её как проигранную с причиной или сначала верните на другой этап."
"""
ABANDON_STORY = """

def test_only_a_deal_without_a_contract_is_abandoned() -> None:
    story_of(fact(DealMoved)).when(command(AbandonDeal)).then_refused(DealIsUnderContractError, deal_id=SALE)
    story_of().when(command(AbandonDeal)).then(on(SALE, fact(DealLost, reason="nobody answers", reason_code=None)))
    story_of(LOST).when(command(AbandonDeal)).then_refused(DealIsClosedError, status="lost")
"""

# --- a view with its route -------------------------------------------------------------------------------------------

SERIES = '''"""One row is one series of products: how many of it are offered.

Read by GET /series.
"""

from pathlib import Path
from typing import NamedTuple

from events.product import ProductListed
from infra.projector.projection import Key, Projection


class SeriesRow(NamedTuple):
    """The series; `products` is how many were ever listed in it."""

    series: str
    products: int = 0


series = Projection(
    name="series", row=SeriesRow, key=("series",), ddl=Path(__file__).with_suffix(".sql"), partition_by="none"
)


def _series(event: ProductListed) -> tuple[Key, ...]:
    return () if event.series is None else ((event.series,),)


@series.on(ProductListed, keys=_series)
def listed(row: SeriesRow | None, event: ProductListed, key: Key) -> SeriesRow:
    return SeriesRow(key[0], (row.products if row else 0) + 1)
'''
SERIES_SQL = """-- One row is one series of products. The primary key serves GET /series, in the order of their names.
CREATE TABLE {schema}.series (
    series   text   NOT NULL,
    products bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (series)
);
"""
SERIES_ROUTE = '''

class Series(Whole):
    """A series of products."""

    series: str
    products: int
    position: int


SERIES = Listing(
    name="series", view=views.SERIES, alias="e", item=Series, order={"series": "text"}, always="true", filters={}
)


@router.question("/series", "Series of products by name", answers=Page[Series], roles=EVERYBODY)
async def list_series(ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await ask.page(SERIES, question)
'''

# --- a report --------------------------------------------------------------------------------------------------------

REPORT = """--: title.en = "Openings by month"
--: title.ru = "Открытые сделки по месяцам"
--: columns = "month deals"
--: order = "month"
--: parameters = ""
-- How many deals were opened, by the month of the opening (company's zone).
SELECT
    date_trunc('month', occurred_at AT TIME ZONE $zone)::DATE AS month,
    count(*) AS deals
FROM fact_deal
WHERE kind = 'opened'
GROUP BY month
"""
REPORT_ORACLE = '''def openings(log: list[Raw], _: Mapping[str, Any]) -> list[Row]:
    """Openings by month, once more."""
    months: dict[str, int] = defaultdict(int)
    for event in log:
        if event.topic == "deal.opened":
            months[day_of(event.occurred_at).replace(day=1).isoformat()] += 1
    return [{"month": month, "deals": deals} for month, deals in sorted(months.items())]


'''

# --- an aggregate ----------------------------------------------------------------------------------------------------

TICKET_EVENT = '''"""What happens to a ticket: something a client asks the company to mend."""

from typing import Annotated, ClassVar
from uuid import UUID

from events.base import Event
from events.examples import ANNA, ROMASHKA, example
from events.ids import ClientId, StaffId
from events.marks import Names
from events.values import OpenShortText

TicketId = Annotated[UUID, Names("ticket")]
BROKEN_SCALES = UUID("01900000-0000-7000-8000-000000000091")


@example(on=BROKEN_SCALES, client_id=ROMASHKA, assignee_id=ANNA, title="The scales are off")
class TicketOpened(Event):
    """A client asked for something to be mended."""

    TOPIC: ClassVar[str] = "ticket.opened"

    client_id: ClientId
    assignee_id: StaffId
    title: OpenShortText
'''
TICKET_AGGREGATE = '''"""The ticket: who asked for what, and who sees to it."""

from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from aggregates.client import Client
from events.ticket import TicketOpened


class NobodyToServeError(RuleBrokenError):
    """The client's card is in the archive, so nothing is mended for them; facts: client_id."""

    code = "nobody-to-serve"


class Ticket(Aggregate):
    """Something a client asked the company to mend."""

    KIND = "ticket"

    client_id: UUID | None

    def start(self) -> None:
        self.client_id = None

    @property
    def subject_id(self) -> UUID:
        """The client."""
        return self.client_id or self.id

    def open(self, *, client: Client, assignee_id: UUID, title: str) -> None:
        """Record what a client asked for."""
        if client.is_archived:
            raise NobodyToServeError(client_id=client.id)
        self.trigger_event(TicketOpened, client_id=client.id, assignee_id=assignee_id, title=title)

    @applies(TicketOpened)
    def _opened(self, event: TicketOpened) -> None:
        self.client_id = event.client_id
'''
TICKET_WORDS = """["nobody-to-serve"]
en.title = "The client's card is in the archive"
en.detail = "Restore the client first."
ru.title = "Карточка клиента в архиве"
ru.detail = "Сначала верните клиента из архива."
"""
TICKET_COMMAND = '''"""What is asked about tickets."""

from aggregates.client import Client
from aggregates.staff import StaffMember
from aggregates.ticket import Ticket
from commands.base import Command, Context, Outcome, handles
from commands.roles import ENTERING
from events.examples import ANNA, ROMASHKA, example
from events.ids import ClientId, StaffId
from events.ticket import BROKEN_SCALES, TicketId
from events.values import ShortText


@example(ticket_id=BROKEN_SCALES, client_id=ROMASHKA, assignee_id=ANNA, title="The scales are off")
class OpenTicket(Command):
    """Enter what a client asks to be mended."""

    ROLES, EDITS = ENTERING, None

    ticket_id: TicketId | None = None
    client_id: ClientId
    assignee_id: StaffId
    title: ShortText


@handles(OpenTicket)
def open_ticket(command: OpenTicket, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    context.load(StaffMember, command.assignee_id).check_active()
    ticket = context.new(Ticket, command.ticket_id)
    ticket.open(client=client, assignee_id=command.assignee_id, title=command.title)
    return context.save(ticket)
'''
TICKET_VIEW = '''"""One row is one ticket.

Read by GET /tickets.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.ticket import TicketOpened
from infra.projector.projection import Key, Projection


class TicketRow(NamedTuple):
    """The ticket."""

    ticket_id: UUID
    client_id: UUID
    assignee_id: UUID
    title: str
    opened_at: datetime


tickets = Projection(name="tickets", row=TicketRow, key=("ticket_id",), ddl=Path(__file__).with_suffix(".sql"))


@tickets.on(TicketOpened)
def opened(_: TicketRow | None, event: TicketOpened, __: Key) -> TicketRow:
    return TicketRow(event.stream_id, event.client_id, event.assignee_id, event.title, event.occurred_at)
'''
TICKET_SQL = """-- One row is one ticket. The primary key serves GET /tickets.
CREATE TABLE {schema}.tickets (
    ticket_id   uuid        NOT NULL,
    client_id   uuid        NOT NULL,
    assignee_id uuid        NOT NULL,
    title       text        NOT NULL,
    opened_at   timestamptz NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (ticket_id)
);
"""
TICKET_FACTS = '''"""The facts of tickets, for analysts."""

from events import ticket
from infra.analytics.fact_schema import FactTable
from projections.fact_tables import KIND, body, column, topics

TICKET = FactTable(
    name="fact_ticket",
    stream="ticket_id",
    topics=topics(ticket.TicketOpened),
    body=body("client_id", "assignee_id"),
    columns=(KIND, column("client_id"), column("assignee_id")),
)
'''
TICKET_FACTS_WORDS = """[fact_ticket]
en = "One row is what happened to a ticket."
ru = "Одна строка — событие с заявкой."
column.kind = { en = "opened", ru = "opened — открыта" }
column.ticket_id = { en = "Ticket, id", ru = "Заявка, id" }
column.assignee_id = { en = "Assignee, id", ru = "Исполнитель, id" }
"""
TICKET_ROUTE = '''"""Questions about tickets."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api.reading.answer import Answer, Page
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.roles import FRONT_OFFICE

router = Questions("tickets")


class Ticket(Answer):
    """Something a client asked to be mended."""

    ticket_id: UUID
    client_id: UUID
    assignee_id: UUID
    title: str
    opened_at: datetime
    position: int


TICKETS = Listing(
    name="tickets", view="tickets_v1", alias="t", item=Ticket, order={"ticket_id": "uuid"}, always="true", filters={}
)


@router.question("/tickets", "Tickets", answers=Page[Ticket], roles=FRONT_OFFICE)
async def list_tickets(ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await ask.page(TICKETS, question)
'''
TICKET_REPORT = """--: title.en = "Tickets by assignee"
--: title.ru = "Заявки по исполнителям"
--: columns = "staff_id tickets"
--: order = "staff_id"
--: parameters = ""
--: column.tickets.en = "Tickets"
--: column.tickets.ru = "Заявок"
-- How many tickets were given to whom.
SELECT
    assignee_id AS staff_id,
    count(*) AS tickets
FROM fact_ticket
GROUP BY assignee_id
"""
TICKET_ORACLE = '''"""Tickets by assignee, once more in plain Python."""

from collections import Counter
from collections.abc import Mapping
from typing import Any


def tickets_by_assignee(log: list[Any], _: Mapping[str, Any]) -> list[dict[str, Any]]:
    counted = Counter(event.body["assignee_id"] for event in log if event.topic == "ticket.opened")
    return [{"staff_id": staff_id, "tickets": number} for staff_id, number in sorted(counted.items())]
'''
TICKET_STORY = '''"""Tickets: opened for clients who are there."""

from aggregates.ticket import NobodyToServeError
from commands.ticket import OpenTicket
from events.client import ClientArchived, ClientRegistered
from events.staff import StaffHired
from events.ticket import BROKEN_SCALES, TicketOpened
from tests.examples import ANNA, ROMASHKA, command, fact
from tests.story import given, on

COMPANY = (on(ANNA, fact(StaffHired)), on(ROMASHKA, fact(ClientRegistered)))


def test_a_ticket_is_opened_for_a_client_who_is_there() -> None:
    story = given(*COMPANY).when(command(OpenTicket)).then(on(BROKEN_SCALES, fact(TicketOpened)))
    # The assignee is staff: no party, and never a client in a timeline.
    assert story.recorded[0].parties == (ROMASHKA,)
    archived = on(ROMASHKA, fact(ClientRegistered), fact(ClientArchived))
    given(COMPANY[0], archived).when(command(OpenTicket)).then_refused(NobodyToServeError, client_id=ROMASHKA)
'''

AN_EVENT: tuple[Step, ...] = (
    EVENT_CLASS,
    FOLD_IMPORT,
    FOLD,
    SHOWN_IMPORT,
    After(
        "projections/sales/pipeline_board.py",
        "        lost_reason=None,\n        lost_reason_code=None,\n    )\n",
        PRAISED_ROW,
    ),
    COUNTED,
    TOLD_IMPORT,
    After("tests/commands/test_deal.py", "    assert story.stream(Deal, SALE).amount != DISCOUNTED\n", PRAISED_STORY),
)
A_COMMAND: tuple[Step, ...] = (
    After("commands/deal.py", "from events.values import Code, EditedKind, LossReason, ShortText, Text\n\n", ABANDON),
    After(
        "commands/deal.py",
        "    deal.lose(command.reason, command.reason_code, seller_id=seller_id)\n    return context.save(deal)\n",
        ABANDON_HANDLER,
    ),
    After("aggregates/deal.py", '    code = "wrong-pipeline"\n\n', ABANDON_ERROR),
    After("aggregates/deal.py", "**why, seller_id=seller_id or self.seller_id)\n\n", ABANDON_RULE),
    After("aggregates/deal.toml", "# What people are told when a rule of deal.py is broken.\n", ABANDON_WORDS),
    After("tests/commands/test_deal.py", "from commands.deal import (\n", "    AbandonDeal,\n"),
    After("tests/commands/test_deal.py", "from aggregates.deal import ", "DealIsUnderContractError, "),
    After("tests/commands/test_deal.py", "    assert story.stream(Deal, SALE).amount != DISCOUNTED\n", ABANDON_STORY),
)
A_VIEW: tuple[Step, ...] = (
    New("projections/sales/series.py", SERIES),
    New("projections/sales/series.sql", SERIES_SQL),
    After(
        "projections/registry.py",
        "from projections.sales import facts as sales_facts\n",
        "from projections.sales import series\n",
    ),
    After("projections/registry.py", "    staff_directory,\n", "    series,\n"),
    After("read_api/views.py", 'PRODUCTS = "products_v2"\n', 'SERIES = "series_v1"\n'),
    After("read_api/products.py", "    return await ask.page(PRODUCTS, question)\n", SERIES_ROUTE),
)
A_REPORT: tuple[Step, ...] = (
    New("projections/analytics/reports/sales/openings.sql", REPORT),
    After(
        "tests/projections/analytics/oracle.py",
        "Oracle = Callable[[list[Raw], Mapping[str, Any]], list[Row]]\n\n\n",
        REPORT_ORACLE,
    ),
)
AN_AGGREGATE: tuple[Step, ...] = (
    New("events/ticket.py", TICKET_EVENT),
    New("aggregates/ticket.py", TICKET_AGGREGATE),
    New("aggregates/ticket.toml", TICKET_WORDS),
    New("commands/ticket.py", TICKET_COMMAND),
    New("projections/service/__init__.py", '"""What clients ask to be mended."""\n'),
    New("projections/service/tickets.py", TICKET_VIEW),
    New("projections/service/tickets.sql", TICKET_SQL),
    New("projections/service/facts.py", TICKET_FACTS),
    New("projections/service/facts.toml", TICKET_FACTS_WORDS),
    New("projections/analytics/reports/service/tickets_by_assignee.sql", TICKET_REPORT),
    New("read_api/tickets.py", TICKET_ROUTE),
    New("tests/projections/analytics/oracle_tickets_by_assignee.py", TICKET_ORACLE),
    New("tests/commands/test_ticket.py", TICKET_STORY),
    After("events/registry.py", "from events.examples import stream_of_example\n", "from events import ticket\n"),
    After("events/registry.py", "MODULES: tuple[ModuleType, ...] = (\n", "    ticket,\n"),
    After("commands/registry.py", "from commands.base import HANDLERS, Command\n", "from commands import ticket\n"),
    After("commands/registry.py", "MODULES: tuple[ModuleType, ...] = (\n", "    ticket,\n"),
    After(
        "projections/registry.py",
        "from projections.staff import facts as staff_facts\n",
        "from projections.service import facts as service_facts, tickets\n",
    ),
    After("projections/registry.py", "MODULES: tuple[ModuleType, ...] = (\n", "    tickets,\n    service_facts,\n"),
    After("read_api/door.py", "from read_api.reading.desk import Desk\n", "from read_api import tickets\n"),
    After("read_api/door.py", "MODULES = (\n", "    tickets,\n"),
)
