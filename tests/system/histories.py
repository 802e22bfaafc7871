"""Random histories of a small company: real commands, valid and not, carried out in batches."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from commands import (
    activity,
    activity_reminder,
    affiliation,
    api_key,
    branch,
    client,
    client_date,
    client_field,
    client_file,
    client_merge,
    client_relation,
    contact_point,
    custom_field,
    deal,
    deal_import,
    handover,
    import_revert,
    import_run,
    note,
    ownership,
    pipeline,
    plan,
    price_book,
    price_ladder,
    product,
    staff,
    tax_rate,
    team,
)
from commands.base import Actor, Command
from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.import_run import HistoryCommand
from events.client_merge import MergeSide
from events.client_relation import RelationKind
from events.examples import example_of
from events.ids import branch_named, revert_of, team_named
from events.plan import Metric
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    ClientKind,
    ContactKind,
    Direction,
    Lifecycle,
    Money,
    ProfileField,
    StaffRole,
)
from infra.log.ids import new_id
from tests.database import MASTER
from tests.system.chances import (
    ACTIVITIES,
    BEGINNING,
    CLIENTS,
    CODES,
    DEALS,
    IMPORTS,
    KINDS,
    LAST_STAGE,
    PLANS,
    RECEIVED,
    ROADS,
    STAFF,
    STAGES,
    YEAR,
)

ADMIN = Actor("01910000-0000-7000-8000-000000000001", "admin")
WORTH = Money(amount=Decimal(1000), currency="USD")

Played = tuple[Request, Answer]


class Asked(NamedTuple):
    """A command and who asks for it."""

    command: Command
    actor: Actor


ACTORS = st.sampled_from((ADMIN, *(Actor(str(each), "seller") for each in STAFF[:2]), Actor("somebody", "integration")))
_CHEAP = tuple(
    price_ladder.TierGiven(from_quantity=Decimal(least), price=Money(amount=Decimal(cost), currency="USD"))
    for least, cost in ((0, 90), (5, 80))
)
OPENING: tuple[Asked, ...] = (
    *(Asked(staff.HireStaff(staff_id=each, name="Anna", role=StaffRole.SELLER), ADMIN) for each in STAFF[:4]),
    Asked(staff.HireStaff(staff_id=STAFF[4], name="Vera", role=StaffRole.HEAD), ADMIN),
    *(Asked(pipeline.DefinePipeline(pipeline_id=road, name="Road", stages=STAGES), ADMIN) for road in ROADS),
    *(Asked(product.ListProduct(code=code, name=code), ADMIN) for code in CODES[:1]),
    *(
        Asked(
            client.RegisterClient(
                client_id=each,
                kind=kind,
                name="Romashka",
                contact_points=(
                    contact_point.ContactPointGiven(kind=ContactKind.EMAIL, value=f"{number}@first.example"),
                ),
            ),
            ADMIN,
        )
        for number, (each, kind) in enumerate(zip(CLIENTS, [*ClientKind, *ClientKind], strict=False))
    ),
    *(
        Asked(deal.OpenDeal(deal_id=each, seller_id=seller, client_id=whose, pipeline_id=ROADS[1], amount=WORTH), ADMIN)
        for each, seller, whose in zip(DEALS[:5], STAFF, CLIENTS, strict=False)
    ),
    *(
        Asked(
            activity.PlanActivity(activity_id=each, channel=channel, staff_id=STAFF[0], topic="x", due_at=RECEIVED),
            ADMIN,
        )
        for each, channel in zip(
            ACTIVITIES[:4], (Channel.CALL, Channel.MEETING, Channel.EMAIL, Channel.TASK), strict=True
        )
    ),
    Asked(
        activity.RecordActivity(
            activity_id=ACTIVITIES[4],
            channel=Channel.CALL,
            direction=Direction.INBOUND,
            staff_id=STAFF[1],
            call_status=CallStatus.TAKEN_TO_WORK,
        ),
        ADMIN,
    ),
    *(
        Asked(
            affiliation.AffiliatePerson(client_id=CLIENTS[0], organisation_id=each, role=AffiliationRole.BUYER), ADMIN
        )
        for each in (CLIENTS[1], CLIENTS[3])
    ),
)
"""What is there before chance takes over; without it most commands would only be told that nothing is known."""


_SECOND_MAIL = contact_point.ContactPointGiven(kind=ContactKind.EMAIL, value="second@first.example")
_THIRD_MAIL = contact_point.ContactPointGiven(kind=ContactKind.EMAIL, value="third@first.example")
RARE: tuple[Asked, ...] = (
    Asked(pipeline.AddStage(pipeline_id=ROADS[0], stage=LAST_STAGE, after="payment"), ADMIN),
    Asked(activity.ClassifyCall(activity_id=ACTIVITIES[4], status=CallStatus.FINISHED, staff_id=STAFF[1]), ADMIN),
    Asked(affiliation.EndAffiliation(client_id=CLIENTS[0], organisation_id=CLIENTS[3]), ADMIN),
    Asked(contact_point.AddContactPoint(client_id=CLIENTS[0], point=_SECOND_MAIL), ADMIN),
    Asked(
        contact_point.CorrectContactPoint(client_id=CLIENTS[0], from_point=_SECOND_MAIL, to_point=_THIRD_MAIL), ADMIN
    ),
    Asked(contact_point.RemoveContactPoint(client_id=CLIENTS[0], point=_THIRD_MAIL), ADMIN),
    Asked(import_run.StartImport(import_id=IMPORTS[0], source="old", asked_by=str(STAFF[0])), ADMIN),
    Asked(staff.ImportStaff(import_id=IMPORTS[0], staff_id=STAFF[5], name="Gleb", role=StaffRole.SELLER), ADMIN),
    Asked(ownership.ReleaseClient(client_id=CLIENTS[2], reason="nobody follows it"), ADMIN),
    Asked(deal.HandOverDeal(deal_id=DEALS[2], to_seller_id=STAFF[3]), ADMIN),
    Asked(activity.NameActivityClient(activity_id=ACTIVITIES[4], client_id=CLIENTS[1]), ADMIN),
    Asked(handover.HandOverActivity(activity_id=ACTIVITIES[3], to_staff_id=STAFF[1]), ADMIN),
    Asked(staff.ChangeStaffRole(staff_id=STAFF[3], role=StaffRole.MARKETER, successor_id=STAFF[2]), ADMIN),
    Asked(ownership.ReassignClient(client_id=CLIENTS[3], departed_id=STAFF[3], successor_id=STAFF[2]), ADMIN),
    Asked(handover.ReassignDeal(deal_id=DEALS[3], from_staff_id=STAFF[3], successor_id=STAFF[2]), ADMIN),
    Asked(deal.OpenDeal(deal_id=DEALS[5], seller_id=STAFF[1], pipeline_id=ROADS[1], amount=WORTH), ADMIN),
    Asked(deal.NameDealClient(deal_id=DEALS[5], client_id=CLIENTS[1]), ADMIN),
    Asked(deal.LoseDeal(deal_id=DEALS[5], reason="too dear"), ADMIN),
    Asked(deal.ReopenDeal(deal_id=DEALS[5], reason="they called back"), ADMIN),
    Asked(activity.HoldActivity(activity_id=ACTIVITIES[0], client_id=CLIENTS[1], result="They think"), ADMIN),
    Asked(ownership.TransferClient(client_id=CLIENTS[1], to_seller_id=STAFF[2], reason="asked"), ADMIN),
    # A Latin letter among Cyrillic ones.
    Asked(client.RenameClient(client_id=CLIENTS[1], name="Pомашка", source="their site"), ADMIN),
    Asked(tax_rate.AdoptTaxRate(code=CODES[0], percent=Decimal(20), from_day=date(2019, 1, 1)), ADMIN),
    Asked(product.DescribeProduct(code=CODES[0], unit="pcs", group=CODES[0], tax_code=CODES[0]), ADMIN),
    Asked(example_of(price_book.OpenPriceBook), ADMIN),
    Asked(example_of(price_ladder.ListPrice), ADMIN),
    Asked(example_of(price_book.PublishPriceBook), ADMIN),
    Asked(example_of(price_ladder.ListPrices), ADMIN),
    *(
        Asked(
            example_of(price_ladder.ListPrice).model_copy(update={"from_day": begin, "to_day": end, "tiers": tiers}),
            ADMIN,
        )
        for begin, end, tiers in ((date(2026, 1, 1), date(2027, 1, 1), _CHEAP), (date(2027, 1, 1), None, _CHEAP[:1]))
    ),
    Asked(example_of(price_ladder.MovePriceBorder), ADMIN),
    Asked(example_of(price_ladder.WithdrawPrice).model_copy(update={"from_day": date(2028, 1, 1)}), ADMIN),
    Asked(product.ImportProduct(import_id=IMPORTS[0], code=CODES[1], name="MG", occurred_at=BEGINNING), ADMIN),
    Asked(product.SucceedProduct(code=CODES[0], successor_code=CODES[1]), ADMIN),
    Asked(import_run.FinishImport(import_id=IMPORTS[0], rows=2, accepted=2, refused=0, wrong=0), ADMIN),
    Asked(import_run.StartImport(import_id=IMPORTS[1], source="older", asked_by=str(STAFF[0])), ADMIN),
    Asked(
        client_merge.MergeClients(
            survivor_id=CLIENTS[1], merged_id=CLIENTS[3], reason="one", owner_of=MergeSide.MERGED
        ),
        ADMIN,
    ),
    Asked(client_merge.UnmergeClients(survivor_id=CLIENTS[1], merged_id=CLIENTS[3], reason="two"), ADMIN),
)
"""What chance seldom brings about."""

_REMINDED = RECEIVED - timedelta(days=1)
_ON_ROMASHKA: dict[str, Any] = {"client_id": CLIENTS[1]}
_SECRET = example_of(api_key.RotateApiKey)
_WRONG: dict[str, Any] = {"import_id": IMPORTS[1], "occurred_at": BEGINNING}
_TARGETS = (
    plan.GivenTarget(metric=Metric.DEALS_WON, count=2),
    plan.GivenTarget(metric=Metric.CONTACTS, count=10),
    plan.GivenTarget(metric=Metric.SUM_WON, amount=Money(amount=Decimal(1000), currency="USD")),
)
SELDOM: tuple[Asked, ...] = tuple(
    Asked(command, ADMIN)
    for command in (
        ownership.ReleaseClient(**_ON_ROMASHKA, reason="left alone"),
        ownership.ClaimClient(**_ON_ROMASHKA, seller_id=STAFF[1]),
        client.AdvanceLifecycle(**_ON_ROMASHKA, to_state=Lifecycle.CONTACTED),
        client.CorrectProfile(**_ON_ROMASHKA, field=ProfileField.SECTOR, value="flowers"),
        staff.SuspendStaff(staff_id=STAFF[0], reason="lost a phone"),
        staff.ReinstateStaff(staff_id=STAFF[0]),
        team.OpenTeam(name="Lutik"),
        team.MoveTeamUnderHead(team_id=team_named("Lutik"), head_id=STAFF[4]),
        branch.OpenBranch(name="Lutik"),
        branch.MoveBranchUnderHead(branch_id=branch_named("Lutik"), head_id=STAFF[4]),
        example_of(api_key.IssueApiKey).model_copy(update={"api_key_id": _SECRET.api_key_id}),
        _SECRET,
        activity.PlanActivity(
            activity_id=ACTIVITIES[7],
            channel=Channel.MEETING,
            staff_id=STAFF[3],
            **_ON_ROMASHKA,
            topic="x",
            due_at=RECEIVED,
            remind_before=RECEIVED - _REMINDED,
        ),
        activity_reminder.FallReminder(activity_id=ACTIVITIES[7], remind_at=_REMINDED),
        handover.ReassignActivity(activity_id=ACTIVITIES[7], from_staff_id=STAFF[3], successor_id=STAFF[2]),
        client.ImportClient(**_WRONG, client_id=CLIENTS[5], kind=ClientKind.PERSON, name="Lutik", source="older"),
        deal_import.ImportDeal(
            **_WRONG,
            deal_id=DEALS[6],
            seller_id=STAFF[1],
            pipeline_id=ROADS[1],
            stage="offer",
            amount=WORTH,
            external_id="6",
        ),
        activity.ImportActivity(
            **_WRONG, activity_id=ACTIVITIES[6], channel=Channel.CALL, direction=Direction.INBOUND, staff_id=STAFF[1]
        ),
        staff.MoveStaff(staff_id=STAFF[1], team="Lutik"),
        plan.AgreePlan(begins_on=YEAR[0], ends_on=YEAR[1], targets=_TARGETS),
        plan.AdjustTarget(plan_id=PLANS[1], target=_TARGETS[0].model_copy(update={"count": 4}), reason="because"),
        plan.ContestPlan(plan_id=PLANS[1], reason="too much"),
        plan.AcceptPlan(plan_id=PLANS[1]),
        plan.WithdrawPlan(plan_id=PLANS[1], reason="by mistake"),
        plan.AgreePlan(begins_on=YEAR[0], ends_on=YEAR[1], targets=_TARGETS),
        plan.AgreePlan(staff_id=STAFF[0], begins_on=YEAR[0], ends_on=YEAR[1], targets=_TARGETS),
        plan.AgreePlan(team_id=team_named("Lutik"), begins_on=YEAR[0], ends_on=YEAR[1], targets=_TARGETS),
        plan.ClosePeriod(plan_id=PLANS[0]),
        import_run.FinishImport(import_id=IMPORTS[1], rows=3, accepted=3, refused=0, wrong=0),
        import_revert.RevertImport(import_id=IMPORTS[1], reason="wrong"),
        import_revert.RevertActivityEntry(import_id=IMPORTS[1], reason="wrong", activity_id=ACTIVITIES[6]),
        import_revert.RevertDealEntry(import_id=IMPORTS[1], reason="wrong", deal_id=DEALS[6]),
        import_revert.RevertClientEntry(import_id=IMPORTS[1], reason="wrong", client_id=CLIENTS[5]),
        import_revert.FinishRevert(import_id=IMPORTS[1], gone=3, restored=0, kept=0),
    )
)
"""What needs somebody or something in a state that chance seldom finds."""

_BESIDE = (
    client_date.NoteClientDate,
    client_date.DropClientDate,
    client_file.AddClientFile,
    client_file.RemoveClientFile,
    note.NoteClient,
    note.EditNote,
    custom_field.DefineCustomField,
    custom_field.AddFieldOption,
    custom_field.RelabelFieldOption,
    client_field.SetClientField,
    client_field.ClearClientField,
    custom_field.RetireFieldOption,
    custom_field.RestoreFieldOption,
    custom_field.RetireCustomField,
    custom_field.RestoreCustomField,
)
BESIDE: tuple[Asked, ...] = (
    *(
        Asked(
            example_of(kind).model_copy(update={"client_id": CLIENTS[0]} if "client_id" in kind.model_fields else {}),
            ADMIN,
        )
        for kind in _BESIDE
    ),
    *(
        Asked(kind(client_id=CLIENTS[0], other_id=CLIENTS[2], kind=RelationKind.PARTNER), ADMIN)
        for kind in (client_relation.RelateClients, client_relation.EndRelation)
    ),
)
"""What is said beside a card and taken back, in the order in which it can be: chance seldom finds the two."""

TOLD: tuple[Asked, ...] = (*RARE, *BESIDE, *SELDOM)
"""What is in every history, and is carried out: what chance may miss is not left to it."""

BUSY: list[list[Asked]] = [
    list(OPENING),
    [Asked(deal.MoveDeal(deal_id=each, to_stage="contract"), ADMIN) for each in DEALS[:5]],
    [Asked(deal.WinDeal(deal_id=each), ADMIN) for each in DEALS[1:5]],
]
"""A history without chance, in which deals are moved and won."""


OFTEN = (deal.OpenDeal, deal.MoveDeal, deal.HandOverDeal, activity.PlanActivity, activity.HoldActivity)
"""What most other commands need to have happened before."""


def histories(batches: int = 40, more: Iterable[SearchStrategy[Command]] = ()) -> SearchStrategy[list[list[Asked]]]:
    """Random histories of so many batches, the opening first; `more` is what is to be asked for more often."""
    asked = st.builds(Asked, st.one_of(*KINDS.values(), *(KINDS[kind] for kind in OFTEN), *more), ACTORS)
    chosen = st.lists(st.lists(asked, min_size=15, max_size=30), min_size=batches, max_size=batches)
    return chosen.map(lambda made: [list(OPENING), list(TOLD), *made])


def request(asked: Asked, received_at: datetime = RECEIVED) -> Request:
    """Return the command as the door would hand it on, under a key of its own."""
    made = Request.of(asked.command, asked.actor, MASTER.keyed_hash, command_id=new_id(), received_at=received_at)
    made.correlation_id = _matter_of(asked.command)
    return made


def _matter_of(command: Command) -> UUID | None:
    """Return the matter under which an import and its revert ask for what they ask."""
    if isinstance(command, import_revert.RevertCommand):
        return revert_of(command.import_id)
    return command.import_id if isinstance(command, HistoryCommand) else None


def play(runner: BatchRunner, batch: list[Asked]) -> list[Played]:
    """Carry out a batch; return each request with its answer."""
    requests = [request(asked) for asked in batch]
    return list(zip(requests, runner.run(requests), strict=True))


def stored(played: list[Played]) -> list[tuple[Request, Accepted]]:
    """Return what was accepted and recorded something."""
    return [(asked, answer) for asked, answer in played if isinstance(answer, Accepted) and answer.events]
