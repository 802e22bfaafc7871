"""How chance makes up each command: over few ids and values, so that commands meet one another, valid and not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from commands import activity, client, deal, history, history_activity, ownership, pipeline, product, staff
from commands.base import Command
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
    ProfileFact,
    ProfileField,
    StaffRole,
    Stage,
)


def _ids(block: int, count: int) -> tuple[UUID, ...]:
    return tuple(UUID(f"01910000-{block:04d}-7000-8000-{number:012d}") for number in range(1, count + 1))


STAFF, CLIENTS, DEALS, ACTIVITIES = _ids(1, 6), _ids(2, 7), _ids(3, 8), _ids(4, 8)
ROADS, IMPORTS = _ids(5, 2), _ids(6, 2)
CODES = ("gtx-pro", "mg-special", "gtk-500")
STAGES = tuple(Stage(code=code, name=code.title(), probability=20) for code in ("offer", "contract", "payment"))
LAST_STAGE = Stage(code="delivery", name="Delivery", probability=95)
BEGINNING = datetime(2025, 1, 1, 9, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def _one(*values: Any) -> SearchStrategy[Any]:
    return st.sampled_from(values)


def _maybe(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | values


STAFF_ID, CLIENT_ID, DEAL_ID, ACTIVITY_ID = _one(*STAFF), _one(*CLIENTS), _one(*DEALS), _one(*ACTIVITIES)
REASON, NAME = _one("because", "they asked"), _one("Romashka", "Lutik", "Olga", "Анна")
# A day and a minute are the step of MOMENT: a reminder of one falls at another, which FallReminder may name.
NOTICE = _maybe(_one(timedelta(minutes=1), timedelta(days=1, minutes=1)))
MOMENT = st.integers(0, 500).map(lambda hours: BEGINNING + timedelta(hours=24 * hours, minutes=hours))
MONEY = st.builds(Money, amount=_one(Decimal(100), Decimal("250.50"), Decimal(0)), currency=_one("USD", "RUB"))
STAGE, STAGE_CODE = _one(*STAGES), _one(*(stage.code for stage in STAGES))
CODE, ROAD = _one(*CODES), _one(*ROADS)
POINT = st.builds(
    client.ContactPointGiven,
    kind=st.just(ContactKind.PHONE),
    value=_one("+7 922 325-12-93", "8 922 325 12 94", "+44 20 7946 0958", "7"),
) | st.builds(
    client.ContactPointGiven, kind=st.just(ContactKind.EMAIL), value=_one("A@b.example", "a@b.example", "c@d.example")
)
POINTS = st.lists(POINT, min_size=1, max_size=3).map(tuple)
TAX_ID = _one("7707083893", "7736207543", "500100732259", "1234567890")
FACT = st.builds(
    ProfileFact, field=_one(*ProfileField), value=NAME, source=st.just("2gis"), confidence=_one(*Confidence)
)
KIND = _one(*ClientKind)


def _allowed(build: Callable[..., Command], **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """A command that may take an identity another client has: half of the time it says so, with the reason."""
    return st.builds(build, **fields) | st.builds(
        build, **fields, allow_duplicate=st.just(True), duplicate_reason=REASON
    )


def _touchpoint() -> dict[str, SearchStrategy[Any]]:
    return {
        "client_id": _maybe(CLIENT_ID),
        "contact_id": _maybe(CLIENT_ID),
        "is_offer": st.booleans(),
        "call_status": _maybe(_one(*CallStatus)),
        "topic": _maybe(NAME),
        "result": _maybe(REASON),
    }


WHEN = _maybe(MOMENT)
IMPORTED: dict[str, SearchStrategy[Any]] = {"import_id": _one(*IMPORTS), "date_unknown": st.booleans()}
KINDS: dict[type[Command], SearchStrategy[Any]] = {
    staff.HireStaff: st.builds(staff.HireStaff, staff_id=STAFF_ID, name=NAME, role=_one("seller", "head", "operator")),
    staff.ChangeStaffRole: st.builds(staff.ChangeStaffRole, staff_id=STAFF_ID, role=_one(*StaffRole)),
    staff.MoveStaff: st.builds(staff.MoveStaff, staff_id=STAFF_ID, branch=_maybe(NAME), head_id=_maybe(STAFF_ID)),
    staff.DepartStaff: st.builds(staff.DepartStaff, staff_id=STAFF_ID, successor_id=_maybe(STAFF_ID), occurred_at=WHEN),
    client.RegisterClient: _allowed(
        client.RegisterClient,
        client_id=CLIENT_ID,
        kind=KIND,
        name=NAME,
        contact_points=POINTS,
        tax_id=_maybe(TAX_ID),
        occurred_at=WHEN,
    ),
    client.RenameClient: st.builds(client.RenameClient, client_id=CLIENT_ID, name=NAME),
    client.AddContactPoint: _allowed(client.AddContactPoint, client_id=CLIENT_ID, point=POINT),
    client.CorrectContactPoint: st.builds(
        client.CorrectContactPoint, client_id=CLIENT_ID, from_point=POINT, to_point=POINT
    ),
    client.RemoveContactPoint: st.builds(client.RemoveContactPoint, client_id=CLIENT_ID, point=POINT),
    client.CorrectTaxId: st.builds(client.CorrectTaxId, client_id=CLIENT_ID, tax_id=_maybe(TAX_ID)),
    client.CorrectProfile: st.builds(
        client.CorrectProfile,
        client_id=CLIENT_ID,
        field=_one(*ProfileField),
        value=_maybe(NAME),
        confidence=_one(*Confidence),
    ),
    client.AdvanceLifecycle: st.builds(
        client.AdvanceLifecycle, client_id=CLIENT_ID, to_state=_one(*Lifecycle), reason=_maybe(REASON), occurred_at=WHEN
    ),
    client.ArchiveClient: st.builds(client.ArchiveClient, client_id=CLIENT_ID, reason=REASON),
    client.RestoreClient: st.builds(client.RestoreClient, client_id=CLIENT_ID, reason=REASON),
    ownership.ClaimClient: st.builds(ownership.ClaimClient, client_id=CLIENT_ID, seller_id=STAFF_ID, occurred_at=WHEN),
    ownership.TransferClient: st.builds(
        ownership.TransferClient, client_id=CLIENT_ID, to_seller_id=STAFF_ID, reason=REASON, occurred_at=WHEN
    ),
    ownership.ReleaseClient: st.builds(ownership.ReleaseClient, client_id=CLIENT_ID, reason=REASON),
    ownership.ReassignClient: st.builds(
        ownership.ReassignClient,
        client_id=CLIENT_ID,
        departed_id=STAFF_ID,
        successor_id=_maybe(STAFF_ID),
        head_id=_maybe(STAFF_ID),
    ),
    ownership.AffiliatePerson: st.builds(
        ownership.AffiliatePerson, client_id=CLIENT_ID, organisation_id=CLIENT_ID, role=_one(*AffiliationRole)
    ),
    ownership.EndAffiliation: st.builds(ownership.EndAffiliation, client_id=CLIENT_ID, organisation_id=CLIENT_ID),
    ownership.DeclareSubsidiary: st.builds(ownership.DeclareSubsidiary, client_id=CLIENT_ID, parent_id=CLIENT_ID),
    activity.PlanActivity: st.builds(
        activity.PlanActivity,
        activity_id=ACTIVITY_ID,
        channel=_one(*Channel),
        staff_id=STAFF_ID,
        client_id=_maybe(CLIENT_ID),
        deal_id=_maybe(DEAL_ID),
        topic=NAME,
        due_at=MOMENT,
        remind_before=NOTICE,
    ),
    activity.RescheduleActivity: st.builds(
        activity.RescheduleActivity, activity_id=ACTIVITY_ID, due_at=MOMENT, remind_before=NOTICE
    ),
    activity.FallReminder: st.builds(activity.FallReminder, activity_id=ACTIVITY_ID, remind_at=MOMENT),
    activity.HoldActivity: st.builds(activity.HoldActivity, activity_id=ACTIVITY_ID, occurred_at=WHEN, **_touchpoint()),
    activity.RecordActivity: st.builds(
        activity.RecordActivity,
        activity_id=ACTIVITY_ID,
        channel=_one(*Channel),
        direction=_one(*Direction),
        staff_id=STAFF_ID,
        occurred_at=WHEN,
        **_touchpoint(),
    ),
    activity.ClassifyCall: st.builds(
        activity.ClassifyCall, activity_id=ACTIVITY_ID, status=_one(*CallStatus), staff_id=STAFF_ID
    ),
    activity.NameActivityClient: st.builds(activity.NameActivityClient, activity_id=ACTIVITY_ID, client_id=CLIENT_ID),
    activity.NoteActivity: st.builds(activity.NoteActivity, activity_id=ACTIVITY_ID, text=NAME),
    activity.CancelActivity: st.builds(activity.CancelActivity, activity_id=ACTIVITY_ID, reason=REASON),
    pipeline.DefinePipeline: st.builds(
        pipeline.DefinePipeline, pipeline_id=ROAD, name=NAME, stages=st.just(STAGES[:2])
    ),
    pipeline.AddStage: st.builds(pipeline.AddStage, pipeline_id=ROAD, stage=STAGE, after=_maybe(STAGE_CODE)),
    pipeline.ReviseStage: st.builds(
        pipeline.ReviseStage, pipeline_id=ROAD, stage=STAGE.map(lambda one: one.model_copy(update={"probability": 60}))
    ),
    pipeline.RetireStage: st.builds(pipeline.RetireStage, pipeline_id=st.just(ROADS[0]), stage=STAGE_CODE),
    deal.OpenDeal: st.builds(
        deal.OpenDeal,
        deal_id=DEAL_ID,
        client_id=_maybe(CLIENT_ID),
        seller_id=STAFF_ID,
        pipeline_id=ROAD,
        stage=_maybe(STAGE_CODE),
        product_code=_maybe(CODE),
        amount=_maybe(MONEY),
        occurred_at=WHEN,
    ),
    deal.NameDealClient: st.builds(deal.NameDealClient, deal_id=DEAL_ID, client_id=CLIENT_ID),
    deal.MoveDeal: st.builds(deal.MoveDeal, deal_id=DEAL_ID, to_stage=STAGE_CODE, occurred_at=WHEN),
    deal.RevalueDeal: st.builds(deal.RevalueDeal, deal_id=DEAL_ID, amount=_maybe(MONEY)),
    deal.HandOverDeal: st.builds(deal.HandOverDeal, deal_id=DEAL_ID, to_seller_id=STAFF_ID),
    deal.WinDeal: st.builds(deal.WinDeal, deal_id=DEAL_ID, amount=_maybe(MONEY), occurred_at=WHEN),
    deal.LoseDeal: st.builds(deal.LoseDeal, deal_id=DEAL_ID, reason=REASON, occurred_at=WHEN),
    deal.ReopenDeal: st.builds(deal.ReopenDeal, deal_id=DEAL_ID, stage=_maybe(STAGE_CODE), reason=REASON),
    product.ListProduct: st.builds(product.ListProduct, code=CODE, name=NAME),
    product.RenameProduct: st.builds(product.RenameProduct, code=CODE, name=NAME),
    product.AddProductAlias: st.builds(product.AddProductAlias, code=CODE, alias=NAME),
    product.WithdrawProduct: st.builds(product.WithdrawProduct, code=CODE),
    history.StartImport: st.builds(history.StartImport, import_id=_one(*IMPORTS), source=NAME),
    history.FinishImport: st.builds(
        history.FinishImport,
        import_id=_one(*IMPORTS),
        rows=st.just(3),
        accepted=st.just(1),
        refused=st.just(1),
        wrong=st.just(1),
    ),
    history.ImportStaff: st.builds(
        history.ImportStaff,
        **IMPORTED,
        staff_id=STAFF_ID,
        name=NAME,
        role=_one("seller", "head"),
        occurred_at=MOMENT,
        departed_at=WHEN,
    ),
    history.ImportClient: st.builds(
        history.ImportClient,
        **IMPORTED,
        client_id=CLIENT_ID,
        kind=KIND,
        name=NAME,
        source=NAME,
        tax_id=_maybe(TAX_ID),
        contact_points=st.lists(POINT, max_size=2).map(tuple),
        profile=st.lists(FACT, max_size=2).map(tuple),
        duplicate_reason=_maybe(REASON),
        occurred_at=MOMENT,
    ),
    history.ImportProduct: st.builds(history.ImportProduct, **IMPORTED, code=CODE, name=NAME, occurred_at=MOMENT),
    history.ImportDeal: st.builds(
        history.ImportDeal,
        **IMPORTED,
        deal_id=DEAL_ID,
        client_id=_maybe(CLIENT_ID),
        seller_id=STAFF_ID,
        pipeline_id=ROAD,
        engaged_at=WHEN,
        closed_at=st.just(RECEIVED),
        stage=STAGE_CODE,
        amount=MONEY,
        outcome=_one("won", "lost", "none"),
        external_id=NAME,
        occurred_at=MOMENT,
        strict=st.booleans(),
    ),
    history_activity.ImportActivity: st.builds(
        history_activity.ImportActivity,
        **IMPORTED,
        activity_id=ACTIVITY_ID,
        channel=_one(*Channel),
        direction=_one(*Direction),
        staff_id=_maybe(STAFF_ID),
        occurred_at=MOMENT,
        strict=st.booleans(),
        **_touchpoint(),
    ),
}
"""How each command is made up; the test beside this list sees to it that none is missing."""
