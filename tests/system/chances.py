"""How chance makes up each command: over few ids and values, so that commands meet one another, valid and not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import EnumType
from importlib import import_module
from types import NoneType
from typing import Any, get_args
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from commands import (
    activity,
    client,
    client_date,
    client_field,
    client_import,
    client_merge,
    contact_point,
    custom_field,
    deal,
    deal_import,
    import_revert,
    note,
    ownership,
    pipeline,
    plan,
    product,
    staff,
)
from commands.base import Command
from commands.beside import Beside, FieldSaid
from commands.registry import COMMANDS
from events.client_date import ClientDateKind
from events.client_merge import MergeSide
from events.custom_field import CustomFieldType
from events.examples import RETAIL, SHOP_KEY, example_of
from events.ids import branch_named, plan_of, team_named
from events.labels import FieldOption, GivenLabels
from events.marks import ids_named
from events.plan import Metric
from events.values import (
    CallStatus,
    Channel,
    ClientKind,
    Confidence,
    ContactKind,
    Direction,
    Lifecycle,
    LossReason,
    Money,
    ProfileFact,
    ProfileField,
    Stage,
)

# What a key may name is declared there.
import_module("read_api.door")


def _ids(block: int, count: int) -> tuple[UUID, ...]:
    return tuple(UUID(f"01910000-{block:04d}-7000-8000-{number:012d}") for number in range(1, count + 1))


STAFF, CLIENTS, DEALS, ACTIVITIES = _ids(1, 6), _ids(2, 7), _ids(3, 8), _ids(4, 8)
ROADS, IMPORTS, NOTES = _ids(5, 2), _ids(6, 2), _ids(7, 3)
NINA, OLEG, SHOP, BUYER, SALE, PLAN, OFFER, SOLD, SHUT = _ids(8, 9)
"""Two sellers, an organisation and its buyer, two deals and two activities that chance leaves alone."""

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
PLANS = (plan_of(STAFF[0], *YEAR), plan_of(None, *YEAR), plan_of(team_named("Lutik"), *YEAR))
"""Plans for a year that was over when commands are asked: of one of staff, of the company, and of a team."""

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
NOTE_ID = _maybe(_one(*NOTES))
UNITS = ("Romashka", "Lutik")
REASON, NAME = _one("because", "they asked"), _one("Romashka", "Lutik", "Olga", "Анна")
# A day and a minute are the step of MOMENT: a reminder of one falls at another, which FallReminder may name.
NOTICE = _one(timedelta(minutes=1), timedelta(days=1, minutes=1))
MOMENT = st.integers(0, 500).map(lambda hours: BEGINNING + timedelta(hours=24 * hours, minutes=hours))
MONEY = st.builds(Money, amount=_one(Decimal(100), Decimal("250.50"), Decimal(0)), currency=_one("USD", "RUB"))
STAGE, STAGE_CODE = _one(*STAGES), _one(*(stage.code for stage in STAGES))
CODE, ROAD = _one(*CODES), _one(*ROADS)
POINT = st.builds(
    contact_point.ContactPointGiven,
    kind=st.just(ContactKind.PHONE),
    value=_one("+7 922 325-12-93", "8 922 325 12 94", "+44 20 7946 0958", "7"),
) | st.builds(
    contact_point.ContactPointGiven,
    kind=st.just(ContactKind.EMAIL),
    value=_one("A@b.example", "a@b.example", "c@d.example"),
)
POINTS = st.lists(POINT, min_size=1, max_size=3).map(tuple)
TAX_ID = _one("7707083893", "7736207543", "500100732259", "1234567890")
FACT = st.builds(
    ProfileFact, field=_one(*ProfileField), value=NAME, source=st.just("2gis"), confidence=_one(*Confidence)
)
BESIDE = st.builds(
    Beside,
    fields=st.lists(
        st.builds(FieldSaid, code=CODE, value=_maybe(_one("10", "2026-11-30", "true", "hot"))), max_size=2
    ).map(tuple),
    tags=st.lists(NAME, max_size=2).map(tuple),
)
PLAN_ID = _one(*PLANS)
TARGET = st.builds(
    plan.GivenTarget,
    metric=_one(*(each for each in Metric if each is not Metric.SUM_WON)),
    count=_one(0, 1, 10),
) | st.builds(plan.GivenTarget, metric=st.just(Metric.SUM_WON), amount=MONEY)
KIND = _one(*ClientKind)


def _allowed(build: Callable[..., Command], **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """A command that may take an identity another client has: half of the time it says so, with the reason."""
    return st.builds(build, **fields) | st.builds(
        build, **fields, allow_duplicate=st.just(True), duplicate_reason=REASON
    )


def _on_noted(build: Callable[..., Command], **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """A command on a note on a client, a deal or an activity."""
    about = {"client_id": CLIENT_ID, "deal_id": DEAL_ID, "activity_id": ACTIVITY_ID}
    return st.one_of([st.builds(build, note_id=_one(*NOTES), **{name: ids}, **fields) for name, ids in about.items()])


def _setting() -> dict[str, SearchStrategy[Any]]:
    return {
        "duration_minutes": _maybe(_one(1, 90)),
        "place": _maybe(NAME),
        "participant_staff_ids": st.lists(STAFF_ID, max_size=2).map(tuple),
        "participant_client_ids": st.lists(CLIENT_ID, max_size=2).map(tuple),
    }


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
SIDE = _maybe(_one(*MergeSide))
IMPORTED: dict[str, SearchStrategy[Any]] = {"import_id": _one(*IMPORTS), "date_unknown": st.booleans()}
LABELS = st.builds(GivenLabels, en=NAME, ru=NAME)
OPTION = st.builds(FieldOption, code=_one("hot", "warm", "10"), labels=LABELS)
MADE_UP: dict[type[Command], SearchStrategy[Any]] = {
    staff.HireStaff: st.builds(staff.HireStaff, staff_id=STAFF_ID, name=NAME, role=_one("seller", "head", "operator")),
    staff.MoveStaff: st.builds(
        staff.MoveStaff, staff_id=STAFF_ID, branch=_maybe(NAME), team=_maybe(NAME), head_id=_maybe(STAFF_ID)
    )
    | st.builds(staff.MoveStaff, staff_id=STAFF_ID, branch_id=_one(*map(branch_named, UNITS))),
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
    client_merge.MergeClients: st.lists(CLIENT_ID, min_size=2, max_size=2, unique=True).flatmap(
        lambda two: st.builds(
            client_merge.MergeClients,
            survivor_id=st.just(two[0]),
            merged_id=st.just(two[1]),
            reason=REASON,
            name_of=SIDE,
            tax_id_of=SIDE,
            owner_of=SIDE,
            occurred_at=WHEN,
        )
    ),
    client_date.NoteClientDate: st.builds(
        client_date.NoteClientDate,
        client_id=CLIENT_ID,
        kind=_one(*ClientDateKind),
        label=NAME,
        month=_one(2, 12),
        day=_one(1, 28),
        year=_maybe(_one(1996, 2001)),
    ),
    custom_field.DefineCustomField: st.builds(
        custom_field.DefineCustomField,
        code=CODE,
        type=_one(*(each for each in CustomFieldType if each is not CustomFieldType.CHOICE)),
        labels=LABELS,
    )
    | st.builds(
        custom_field.DefineCustomField,
        code=CODE,
        type=st.just(CustomFieldType.CHOICE),
        labels=LABELS,
        options=st.lists(OPTION, min_size=1, max_size=2).map(tuple),
    ),
    **{
        kind: st.builds(kind, code=CODE, option=OPTION.map(lambda one: one.code))
        for kind in (custom_field.RetireFieldOption, custom_field.RestoreFieldOption)
    },
    plan.AgreePlan: st.builds(
        plan.AgreePlan,
        staff_id=_one(STAFF[0], None),
        begins_on=st.just(YEAR[0]),
        ends_on=st.just(YEAR[1]),
        targets=st.lists(TARGET, min_size=1, max_size=3, unique_by=lambda each: each.key).map(tuple),
    ),
    plan.AdjustTarget: st.builds(
        plan.AdjustTarget, plan_id=PLAN_ID, target=TARGET, since=_one(date(2025, 6, 1), None), reason=REASON
    ),
    client_field.SetClientField: st.builds(
        client_field.SetClientField,
        client_id=CLIENT_ID,
        code=CODE,
        value=_one("10", "9.50", "2026-11-30", "true", "hot", "Анна"),
        occurred_at=WHEN,
    ),
    client_merge.UnmergeClients: _allowed(
        client_merge.UnmergeClients, survivor_id=CLIENT_ID, merged_id=CLIENT_ID, reason=REASON
    ),
    contact_point.AddContactPoint: _allowed(contact_point.AddContactPoint, client_id=CLIENT_ID, point=POINT),
    client.AdvanceLifecycle: st.builds(
        client.AdvanceLifecycle, client_id=CLIENT_ID, to_state=_one(*Lifecycle), reason=_maybe(REASON), occurred_at=WHEN
    ),
    ownership.ClaimClient: st.builds(ownership.ClaimClient, client_id=CLIENT_ID, seller_id=STAFF_ID, occurred_at=WHEN),
    ownership.TransferClient: st.builds(
        ownership.TransferClient, client_id=CLIENT_ID, to_seller_id=STAFF_ID, reason=REASON, occurred_at=WHEN
    ),
    note.NoteClient: st.builds(note.NoteClient, client_id=CLIENT_ID, note_id=NOTE_ID, text=NAME, occurred_at=WHEN),
    note.NoteDeal: st.builds(note.NoteDeal, deal_id=DEAL_ID, note_id=NOTE_ID, text=NAME),
    note.NoteActivity: st.builds(note.NoteActivity, activity_id=ACTIVITY_ID, note_id=NOTE_ID, text=NAME),
    note.EditNote: _on_noted(note.EditNote, text=NAME),
    note.WithdrawNote: _on_noted(note.WithdrawNote, reason=REASON),
    activity.PlanActivity: st.builds(
        activity.PlanActivity,
        activity_id=ACTIVITY_ID,
        channel=_one(*Channel),
        staff_id=STAFF_ID,
        client_id=_maybe(CLIENT_ID),
        deal_id=_maybe(DEAL_ID),
        **_setting(),
        topic=NAME,
        due_at=MOMENT,
        remind_before=_maybe(NOTICE),
    ),
    activity.HoldActivity: st.builds(
        activity.HoldActivity, activity_id=ACTIVITY_ID, occurred_at=WHEN, **_touchpoint(), **_setting()
    ),
    activity.RecordActivity: st.builds(
        activity.RecordActivity,
        activity_id=ACTIVITY_ID,
        channel=_one(*Channel),
        direction=_one(*Direction),
        staff_id=STAFF_ID,
        occurred_at=WHEN,
        **_touchpoint(),
        **_setting(),
    ),
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
    deal.MoveDeal: st.builds(deal.MoveDeal, deal_id=DEAL_ID, to_stage=STAGE_CODE, occurred_at=WHEN),
    deal.WinDeal: st.builds(deal.WinDeal, deal_id=DEAL_ID, amount=_maybe(MONEY), occurred_at=WHEN),
    deal.LoseDeal: st.builds(
        deal.LoseDeal, deal_id=DEAL_ID, reason=REASON, reason_code=_maybe(_one(*LossReason)), occurred_at=WHEN
    )
    | st.builds(deal.LoseDeal, deal_id=DEAL_ID, reason_code=_one("price", "timing"), occurred_at=WHEN),
    deal.ReopenDeal: st.builds(deal.ReopenDeal, deal_id=DEAL_ID, stage=_maybe(STAGE_CODE), reason=REASON),
    staff.ImportStaff: st.builds(
        staff.ImportStaff,
        **IMPORTED,
        staff_id=STAFF_ID,
        name=NAME,
        role=_one("seller", "head"),
        occurred_at=MOMENT,
        departed_at=WHEN,
    ),
    client.ImportClient: st.builds(
        client.ImportClient,
        **IMPORTED,
        client_id=CLIENT_ID,
        kind=KIND,
        name=NAME,
        source=NAME,
        tax_id=_maybe(TAX_ID),
        contact_points=st.lists(POINT, max_size=2).map(tuple),
        profile=st.lists(FACT, max_size=2).map(tuple),
        duplicate_reason=_maybe(REASON),
        beside=_maybe(BESIDE),
        occurred_at=MOMENT,
    ),
    client_import.ImportClientUpdate: st.builds(
        client_import.ImportClientUpdate,
        **IMPORTED,
        client_id=CLIENT_ID,
        matched_ids=st.lists(CLIENT_ID, max_size=2).map(tuple),
        may_enter=st.booleans(),
        kind=_maybe(KIND),
        name=_maybe(NAME),
        source=NAME,
        tax_id=_maybe(TAX_ID),
        contact_points=st.lists(POINT, max_size=2).map(tuple),
        profile=st.lists(FACT, max_size=2).map(tuple),
        clear=st.lists(_one(*ProfileField), max_size=2).map(tuple),
        duplicate_reason=_maybe(REASON),
        beside=_maybe(BESIDE),
        occurred_at=MOMENT,
    ),
    import_revert.RevertClientUpdate: st.builds(
        import_revert.RevertClientUpdate,
        import_id=_one(*IMPORTS),
        reason=REASON,
        client_id=CLIENT_ID,
        name=_maybe(st.builds(import_revert.NameBefore, at=MOMENT, name=NAME)),
        traits=st.lists(
            st.builds(import_revert.TraitBefore, at=MOMENT, field=_one(*ProfileField), value=_maybe(NAME), source=NAME),
            max_size=2,
        ).map(tuple),
    ),
    product.ImportProduct: st.builds(product.ImportProduct, **IMPORTED, code=CODE, name=NAME, occurred_at=MOMENT),
    deal_import.ImportDeal: st.builds(
        deal_import.ImportDeal,
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
        lost_reason_code=_maybe(_one(*LossReason)),
        external_id=NAME,
        occurred_at=MOMENT,
        strict=st.booleans(),
    ),
    activity.ImportActivity: st.builds(
        activity.ImportActivity,
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
"""Commands of which chance has to say more, or less, than their example does."""

IDS: dict[str, SearchStrategy[UUID]] = {
    "client": CLIENT_ID,
    "staff": STAFF_ID,
    "deal": DEAL_ID,
    "activity": ACTIVITY_ID,
    "pipeline": ROAD,
    "import": _one(*IMPORTS),
    "team": _one(*map(team_named, UNITS)),
    "branch": _one(*map(branch_named, UNITS)),
    "api_key": _one(SHOP_KEY),
    "price_book": _one(RETAIL),
}
VALUES: dict[str, SearchStrategy[Any]] = {
    "amount": MONEY,
    "code": CODE,
    "due_at": MOMENT,
    "edition": _one(1, 2, 3),
    "labels": LABELS,
    "option": OPTION,
    "from_point": POINT,
    "name": NAME,
    "point": POINT,
    "reason": REASON,
    "remind_at": MOMENT,
    "remind_before": NOTICE,
    "tax_id": TAX_ID,
    "to_point": POINT,
}
COUNTS = {"rows": 3, "accepted": 1, "refused": 1, "wrong": 1}


def _chance_of(name: str, kind: type[Command], said: Command) -> SearchStrategy[Any] | None:
    """Return what chance makes of a field: an id of the few, a member of its enum, else what the example says."""
    field, mark = kind.model_fields[name], ids_named(kind).get(name)
    is_optional = NoneType in get_args(field.annotation)
    members = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, EnumType)]
    if mark is not None and name.endswith("_ids"):
        return st.lists(IDS[mark.kind], max_size=2).map(tuple)
    if mark is not None:
        known: SearchStrategy[Any] = IDS.get(mark.kind, st.just(getattr(said, name)))
    elif members:
        known = _one(*members[0])
    elif name in VALUES:
        known = VALUES[name]
    elif name in COUNTS:
        known = st.just(COUNTS[name])
    elif name in said.model_fields_set:
        known = st.just(getattr(said, name))
    else:
        return None
    return _maybe(known) if is_optional else known


def _like_its_example(kind: type[Command]) -> SearchStrategy[Any]:
    said = example_of(kind)
    chances = {name: _chance_of(name, kind, said) for name in kind.model_fields}
    return st.builds(kind, **{name: chance for name, chance in chances.items() if chance is not None})


KINDS: dict[type[Command], SearchStrategy[Any]] = {
    kind: MADE_UP[kind] if kind in MADE_UP else _like_its_example(kind) for kind in COMMANDS.values()
}
"""How each command is made up."""
