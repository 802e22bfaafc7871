"""Clients, open deals and plans find somebody else on a real log, once, however often the policy is run."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.composition.decoding import decoder_at
from commands.activity import CancelActivity, PlanActivity
from commands.base import Command
from commands.client import RegisterClient
from commands.deal import OpenDeal
from commands.handover import HandOverActivity
from commands.ownership import ClaimClient, TransferClient
from commands.pipeline import DefinePipeline
from commands.policies.ownership_reassignment import LED_BY, TO_BE_DONE_BY, ownership_reassignment
from commands.policies.policy_worker import PolicyWorker
from commands.staff import ChangeStaffRole, DepartStaff, HireStaff
from events.values import Channel, StaffRole
from infra.log import checkpoints
from infra.log.checkpoints import streams_naming, write_checkpoint
from infra.postgres.connection import OwnConnection
from tests.commands.policies.diary import NOON, SELLER, Diary, diary
from tests.database import MASTER, Database
from tests.examples import ROAD, ROMASHKA, command

HEIR, HEAD = UUID(int=0x53), UUID(int=0x54)
DEALS = WITH_CLIENT, WITH_NOBODY = UUID(int=0xD1), UUID(int=0xD2)
PLANS = MEETING, OWN_TASK = UUID(int=0xE1), UUID(int=0xE2)


def deal(deal_id: UUID, client_id: UUID | None = None) -> OpenDeal:
    return OpenDeal(deal_id=deal_id, client_id=client_id, seller_id=SELLER, pipeline_id=ROAD)


def plan(activity_id: UUID, client_id: UUID | None = None) -> PlanActivity:
    due_at = NOON + timedelta(days=1)
    return PlanActivity(
        activity_id=activity_id, channel=Channel.TASK, staff_id=SELLER, client_id=client_id, topic="x", due_at=due_at
    )


@pytest.fixture
def book(database: Database) -> Iterator[Diary]:
    """A company in which a seller has a client with a deal and a meeting, a deal with nobody yet, and a task."""
    with diary(database) as opened:
        opened.do(
            HireStaff(staff_id=HEAD, name="Vera", role=StaffRole.HEAD),
            HireStaff(staff_id=HEIR, name="Boris", role=StaffRole.SELLER),
            command(RegisterClient),
            command(DefinePipeline),
            ClaimClient(client_id=ROMASHKA, seller_id=SELLER),
            deal(WITH_CLIENT, ROMASHKA),
            deal(WITH_NOBODY),
            plan(MEETING, ROMASHKA),
            plan(OWN_TASK),
        )
        yield opened


def run(book: Diary) -> None:
    url = book.database.writer_url
    worker = PolicyWorker(ownership_reassignment, url, decoder_at(url, MASTER), book.execute, MASTER.keyed_hash)
    try:
        while worker.step():
            pass
    finally:
        worker.stop()


def went_to(book: Diary) -> dict[UUID, UUID]:
    """Return what the policy gave to whom."""
    query = """
        SELECT coalesce(jsonb_object_agg(
            stream_id,
            coalesce(body ->> 'to_owner_id', body ->> 'to_seller_id', body ->> 'to_staff_id')), '{}')
        FROM letopis.event
        WHERE actor = 'policy:ownership-reassignment'
    """
    return {UUID(what): UUID(whose) for what, whose in book.one(query).items()}


def facts(book: Diary) -> int:
    return int(book.one("SELECT count(*) FROM letopis.event"))


@pytest.mark.parametrize(
    ("leaves", "taken"),
    [
        (DepartStaff(staff_id=SELLER, successor_id=HEIR), {ROMASHKA, *DEALS, *PLANS}),
        (
            ChangeStaffRole(staff_id=SELLER, role=StaffRole.MARKETER, successor_id=HEIR),
            {ROMASHKA, *DEALS, MEETING},
        ),
        (
            TransferClient(client_id=ROMASHKA, to_seller_id=HEIR, reason="they quarrelled"),
            {WITH_CLIENT, MEETING},
        ),
    ],
    ids=["departed", "sells no more", "transferred"],
)
def test_open_work_goes_with_its_clients_once(book: Diary, leaves: Command, taken: set[UUID]) -> None:
    book.do(leaves)
    run(book)
    assert went_to(book) == dict.fromkeys(taken, HEIR)
    recorded = facts(book)
    run(book)
    with OwnConnection(book.database.writer_url)() as connection:
        write_checkpoint(connection, ownership_reassignment.name, 0, None)
    run(book)
    assert facts(book) == recorded
    assert book.one("SELECT count(*) FROM letopis.unanswered") == 0


def test_what_was_handed_over_before_goes_with_whoever_has_it(book: Diary) -> None:
    book.do(HandOverActivity(activity_id=OWN_TASK, to_staff_id=HEAD), DepartStaff(staff_id=SELLER, successor_id=HEIR))
    run(book)
    assert OWN_TASK not in went_to(book)
    book.do(DepartStaff(staff_id=HEAD, successor_id=HEIR))
    run(book)
    assert went_to(book)[OWN_TASK] == HEIR


def test_what_is_over_goes_nowhere(book: Diary) -> None:
    book.do(CancelActivity(activity_id=OWN_TASK, reason="done"), DepartStaff(staff_id=SELLER, successor_id=HEIR))
    run(book)
    assert OWN_TASK not in went_to(book)


def test_work_is_found_range_by_range_of_the_log_each_thing_once(book: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "NAMING_RANGE", 2)
    book.do(
        HandOverActivity(activity_id=OWN_TASK, to_staff_id=HEAD),
        HandOverActivity(activity_id=OWN_TASK, to_staff_id=SELLER),
    )
    fields = LED_BY | TO_BE_DONE_BY
    with OwnConnection(book.database.writer_url)() as connection:
        found = list(streams_naming(connection, SELLER, fields, facts(book)))
        before = list(streams_naming(connection, SELLER, fields, facts(book) - 4))
    assert sorted(stream_id for stream_id, _ in found) == sorted((*DEALS, *PLANS))
    assert OWN_TASK not in {stream_id for stream_id, _ in before}
