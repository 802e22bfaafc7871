"""One figure, wherever it is asked for: counters, lists, board, cards and reports agree after any history.

`LETOPIS_HISTORIES=2000 python -m pytest tests/system/test_one_figure.py` tries that many.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commands import activity, client_merge, deal, handover, note
from commands.execution.pending import Accepted
from events.client_merge import MergeSide
from events.values import CallStatus, Channel, Direction, Money
from infra.postgres.embedded import EmbeddedPostgres
from projections.parties.client_timeline import OF_ONE_STORY
from read_api.activities import ACTIVITIES
from read_api.client_card import CARD
from read_api.client_story import TIMELINE
from read_api.clients import CLIENTS
from read_api.deals import BOARD, DEALS, board_around
from read_api.plan_progress import PROGRESS
from read_api.plans import PLANS
from read_api.reading.joined import MERGED
from read_api.reading.moments import period
from read_api.reading.paging import Listing, page_statement
from read_api.reading.reach import Sight
from read_api.reading.statement import Statement
from read_api.staff import COUNTERS
from replay.past.history import whole_history
from replay.past.merged import answering, everybody
from tests.database import Database, copy_of
from tests.system import chances
from tests.system.company import Company, company
from tests.system.histories import ADMIN, OPENING, WORTH, Asked, histories, play

ENDING: tuple[Asked, ...] = (
    *(Asked(deal.ReopenDeal(deal_id=each, reason="again"), ADMIN) for each in chances.DEALS),
    *(Asked(deal.WinDeal(deal_id=each), ADMIN) for each in chances.DEALS[:3]),
    *(Asked(deal.LoseDeal(deal_id=each, reason="too dear"), ADMIN) for each in chances.DEALS[3:5]),
    Asked(
        client_merge.MergeClients(
            survivor_id=chances.CLIENTS[1], merged_id=chances.CLIENTS[3], reason="one", owner_of=MergeSide.MERGED
        ),
        ADMIN,
    ),
)
"""What chance seldom brings to an end is ended, and two clients turn out to be one."""
_INBOUND: dict[str, Any] = {
    "channel": Channel.CALL,
    "direction": Direction.INBOUND,
    "staff_id": chances.STAFF[0],
    "topic": "x",
}
_TIED, _MISTAKEN = chances.ACTIVITIES[5:7]
TIES: tuple[Asked, ...] = (
    Asked(activity.RecordActivity(activity_id=_TIED, call_status=CallStatus.TAKEN_TO_WORK, **_INBOUND), ADMIN),
    Asked(note.NoteActivity(activity_id=_TIED, text="who was it?"), ADMIN),
    Asked(activity.NameActivityClient(activity_id=_TIED, client_id=chances.CLIENTS[1]), ADMIN),
    Asked(
        activity.RecordActivity(
            activity_id=_MISTAKEN,
            call_status=CallStatus.TAKEN_TO_WORK,
            client_id=chances.CLIENTS[1],
            contact_id=chances.CLIENTS[0],
            **_INBOUND,
        ),
        ADMIN,
    ),
    Asked(activity.ClassifyCall(activity_id=_MISTAKEN, status=CallStatus.MISDIAL, staff_id=chances.STAFF[0]), ADMIN),
    Asked(deal.OpenDeal(deal_id=chances.DEALS[5], seller_id=chances.STAFF[1], pipeline_id=chances.ROADS[1]), ADMIN),
    Asked(deal.MoveDeal(deal_id=chances.DEALS[5], to_stage="contract"), ADMIN),
    Asked(deal.NameDealClient(deal_id=chances.DEALS[5], client_id=chances.CLIENTS[1]), ADMIN),
    Asked(
        activity.RecordActivity(
            activity_id=chances.ACTIVITIES[7],
            channel=Channel.EMAIL,
            direction=Direction.OUTBOUND,
            staff_id=chances.STAFF[0],
            client_id=chances.CLIENTS[1],
            contact_id=chances.CLIENTS[0],
        ),
        ADMIN,
    ),
)
"""A call and a deal that are tied to their client later, a call that turns out to be a misdial, and a letter."""
_DAY = timedelta(days=1)
_FIRST_DAY, _IN_BETWEEN, _HANDED_OVER = (chances.BEGINNING + days * _DAY for days in (1, 5, 9))
LATE: tuple[Asked, ...] = (
    Asked(
        deal.OpenDeal(
            deal_id=chances.DEALS[6],
            seller_id=chances.STAFF[0],
            pipeline_id=chances.ROADS[0],
            amount=WORTH,
            occurred_at=_FIRST_DAY,
        ),
        ADMIN,
    ),
    Asked(
        activity.PlanActivity(
            activity_id=chances.PLAN,
            channel=Channel.CALL,
            staff_id=chances.STAFF[0],
            topic="x",
            due_at=_HANDED_OVER,
            occurred_at=_FIRST_DAY,
        ),
        ADMIN,
    ),
    Asked(deal.HandOverDeal(deal_id=chances.DEALS[6], to_seller_id=chances.STAFF[1], occurred_at=_HANDED_OVER), ADMIN),
    Asked(
        handover.HandOverActivity(activity_id=chances.PLAN, to_staff_id=chances.STAFF[1], occurred_at=_HANDED_OVER),
        ADMIN,
    ),
    Asked(deal.WinDeal(deal_id=chances.DEALS[6], occurred_at=_IN_BETWEEN), ADMIN),
    Asked(activity.HoldActivity(activity_id=chances.PLAN, result="x", occurred_at=_IN_BETWEEN), ADMIN),
)
"""A deal and a call that were handed over, and whose end is told later, of a day before that."""
_MEETING: dict[str, Any] = {
    "staff_id": st.sampled_from(chances.STAFF[:2]),
    "topic": chances.NAME,
    "due_at": chances.MOMENT,
}
_SOMEBODY = st.none() | chances.CLIENT_ID
OFTEN = (
    st.builds(activity.NameActivityClient, activity_id=chances.ACTIVITY_ID, client_id=chances.CLIENT_ID),
    st.builds(activity.ClassifyCall, activity_id=chances.ACTIVITY_ID, status=st.sampled_from(CallStatus)),
    st.builds(
        activity.PlanActivity,
        activity_id=chances.ACTIVITY_ID,
        channel=st.just(Channel.CALL),
        direction=st.sampled_from(Direction),
        client_id=_SOMEBODY,
        contact_id=_SOMEBODY,
        **_MEETING,
    ),
    st.builds(note.NoteActivity, activity_id=chances.ACTIVITY_ID, text=chances.NAME),
    st.builds(deal.NameDealClient, deal_id=chances.DEAL_ID, client_id=chances.CLIENT_ID),
    chances.KINDS[client_merge.MergeClients],
)
"""What ties and corrects activities, and merges clients: of each more than of other commands."""
EVER = (date(1900, 1, 1), date(2100, 1, 1))
MONEY = ("currency", "amount")
Sums = dict[str, Decimal]


class Readers:
    """Asks the very statements that the read API asks."""

    def __init__(self, company: Company, connection: psycopg.Connection[Any]) -> None:
        self.company = company
        self._connection = connection

    def one(self, statement: Statement, **values: Any) -> list[Any]:
        """Ask without the map of merged clients, and with it if there is anybody in it, as the desk does."""
        row = self._told(statement, values, with_map=False)
        if row[0] == MERGED:
            row = self._told(statement, values, with_map=True)
        return list(row[2:])

    def _told(self, statement: Statement, values: Mapping[str, Any], *, with_map: bool) -> tuple[Any, ...]:
        asked = statement.now(Sight.WHOLE, is_about=False, with_map=with_map)
        row: tuple[Any, ...] | None = self._connection.execute(asked, values).fetchone()
        assert row is not None
        return row

    def answering(self, client: Any) -> str:
        """Return who answers for a client, from the log."""
        with psycopg.connect(self.company.database.projector_url) as log:
            return str(answering(log, client))

    def listed(self, listing: Listing, **filters: Any) -> list[Mapping[str, Any]]:
        statement = page_statement(listing, frozenset(filters), 200, has_cursor=False)
        items, *_ = self.one(statement, **filters, limit=200)
        listed: list[Mapping[str, Any]] = json.loads(items or "[]")
        return listed

    def counters(self, staff: Any) -> dict[str, Any] | None:
        """Return what somebody did in all time; None of who was never hired."""
        begin, end = period(*EVER, UTC)  # type: ignore[arg-type]  # any zone will do for all time
        asked = {"staff": staff, "since": EVER[0], "until": EVER[1], "begin": begin, "end": end}
        [text] = self.one(COUNTERS, **asked)
        counted: dict[str, Any] | None = json.loads(text or "null")
        return counted

    def report(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.company.analytics.query(name).to_pylist()
        return rows


def added(amounts: Iterable[tuple[str | None, Any]]) -> Sums:
    """Add amounts up by currency; what nobody knows the worth of adds nothing."""
    sums: Sums = {}
    for currency, amount in amounts:
        if currency is not None:
            sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    return sums


def told(sums: Iterable[Mapping[str, Any]]) -> Sums:
    return {each["currency"]: Decimal(each["amount"]) for each in sums}


def is_contact(activity: Mapping[str, Any]) -> bool:
    is_work_of_our_own = activity["channel"] == "task" or activity["call_status"] == "misdial"
    return bool(activity["state"] == "held" and not is_work_of_our_own)


def check_staff(readers: Readers) -> Counter[str]:
    """What each did is the same in their counters, in the lists of deals and activities, and in the scorecard."""
    seen: Counter[str] = Counter()
    scorecard = readers.report("staff_scorecard")
    for staff in chances.STAFF:
        counters = readers.counters(staff)
        if counters is None:
            continue
        months = [row for row in scorecard if str(row["staff_id"]) == str(staff)]
        contacts = list(filter(is_contact, readers.listed(ACTIVITIES, staff=staff)))
        ended = [each for each in readers.listed(DEALS, seller=staff) if each["status"] != "open"]
        won = [each for each in ended if each["status"] == "won"]
        by_list = {
            "contacts": len(contacts),
            "meetings": sum(each["channel"] == "meeting" for each in contacts),
            "offers": sum(each["is_offer"] for each in contacts),
            "deals_won": len(won),
            "deals_lost": len(ended) - len(won),
        }
        assert {name: counters[name] for name in by_list} == by_list
        names = (*by_list, "deals_opened")
        assert {name: counters[name] for name in names} == {name: sum(row[name] for row in months) for name in names}
        sums = told(counters["won"])
        assert sums == added((each["won_currency"], each["won_amount"]) for each in won)
        credited = [part.split() for row in months if row["amount_won"] for part in row["amount_won"].split("; ")]
        assert sums == added((currency, amount) for amount, currency in credited)
        seen.update({name: counters[name] for name in names})
    return seen


def check_plans(readers: Readers) -> Counter[str]:
    """What was reached of a plan is what lists show of whom it is for, wherever they were then; who did it adds up."""
    seen: Counter[str] = Counter()
    credited = list(_credits(readers))
    places = _places(readers)
    for plan in readers.listed(PLANS):
        asked = {"plan_id": plan["plan_id"], "today": date(2026, 6, 1), "zone": "UTC", "by_staff": True}
        text, _ = readers.one(PROGRESS, **asked)
        [progress] = json.loads(text)
        days = (date.fromisoformat(plan["begins_on"]), date.fromisoformat(plan["ends_on"]))
        begin, end = period(*days, UTC)  # type: ignore[arg-type]  # any zone will do
        unit = plan["team_id"] or plan["branch_id"]

        def counts(credit: Credit) -> bool:
            is_theirs = plan["staff_id"] in (None, credit.staff) and begin <= credit.at < end  # noqa: B023
            return is_theirs and (unit is None or unit in _where(places.get(credit.staff, []), credit.at))  # noqa: B023

        for place, reached in enumerate(progress["reached"]):
            metric, currency = reached["metric"], reached["currency"]
            if metric in {"deals_opened", "clients_claimed"}:
                continue
            of_metric = [each for each in credited if each.metric == metric and each.currency == currency]
            done = sum((each.value for each in of_metric if counts(each)), Decimal())
            assert Decimal(reached["done"]) == done, (plan, reached, place)
            by_staff = [one for each in progress["staff"] for one in each["reached"]]
            of_staff = [one for one in by_staff if (one["metric"], one["currency"]) == (metric, currency)]
            assert sum((Decimal(one["done"]) for one in of_staff), Decimal()) == done
            seen[f"{metric} of a {'team' if unit else 'person' if plan['staff_id'] else 'company'}"] += done > 0
    return seen


class Credit(NamedTuple):
    """One thing that somebody is credited with."""

    metric: str
    currency: str | None
    value: Decimal
    staff: str
    at: datetime


def _credits(readers: Readers) -> Iterator[Credit]:
    """Give what the lists credit to whom, one thing after the other."""
    for each in filter(is_contact, readers.listed(ACTIVITIES)):
        kinds = {"contacts": True, "meetings": each["channel"] == "meeting", "calls": each["channel"] == "call"}
        for metric, is_one in {**kinds, "offers": each["is_offer"]}.items():
            if is_one and each["staff_id"] is not None:
                at = datetime.fromisoformat(each["takes_place_at"])
                yield Credit(metric, None, Decimal(1), each["staff_id"], at)
    for each in readers.listed(DEALS):
        if each["status"] == "won":
            at = datetime.fromisoformat(each["closed_at"])
            yield Credit("deals_won", None, Decimal(1), each["seller_id"], at)
            yield Credit("sum_won", each["won_currency"], Decimal(each["won_amount"]), each["seller_id"], at)


Places = list[tuple[datetime, set[str]]]


def _places(readers: Readers) -> dict[str, Places]:
    """Return where each of the staff was since when, by when it happened, as a clerk finds it in the log."""
    found: dict[str, Places] = defaultdict(list)
    with psycopg.connect(readers.company.database.projector_url) as connection:
        for staff, at, body in connection.execute(
            "SELECT stream_id::text, occurred_at, body FROM letopis.event"
            " WHERE topic IN ('staff.hired', 'staff.moved', 'staff.departed') ORDER BY occurred_at, position"
        ):
            names = ("team_id", "branch_id", "to_team_id", "to_branch_id")
            found[staff].append((at, {body[name] for name in names if body.get(name)}))
    return found


def _where(places: Places, at: datetime) -> set[str]:
    """Return the units somebody was in at a moment: before the first place that is known, those of that one."""
    if not places:
        return set()
    return ([units for since, units in places if since <= at] or [places[0][1]])[-1]


def check_credit(readers: Readers) -> Counter[str]:
    """Whom lists credit with an end is who led it then, as a clerk finds it in the log: nobody who had left by then.

    Old records credit whomever they name.
    """
    shown = {each["deal_id"]: each["seller_id"] for each in readers.listed(DEALS) if each["status"] != "open"}
    shown |= {each["activity_id"]: each["staff_id"] for each in readers.listed(ACTIVITIES) if each["state"] == "held"}
    led: dict[str, list[tuple[Any, str]]] = defaultdict(list)
    ends: dict[str, tuple[Any, str]] = {}
    left: dict[str, Any] = {}
    imported: dict[str, Any] = {}
    late: Counter[str] = Counter()
    with psycopg.connect(readers.company.database.projector_url) as connection:
        for stream, command_id, topic, at, body in connection.execute(
            "SELECT stream_id::text, command_id, topic, occurred_at, body FROM letopis.event ORDER BY position"
        ):
            whose = body.get("to_seller_id") or body.get("to_staff_id") or body.get("seller_id") or body.get("staff_id")
            if topic == "staff.departed":
                left[stream] = at
            elif topic in {"deal.opened", "deal.handed_over", "activity.planned", "activity.handed_over"}:
                led[stream].append((at, whose))
                if topic == "deal.opened":
                    imported[stream] = command_id if body.get("external_id") else None
            elif topic in {"deal.won", "deal.lost", "activity.held"} and led[stream]:
                began = min(since for since, _ in led[stream])
                then = [each for since, each in led[stream] if since <= max(at, began)]
                is_told_here = imported.get(stream) != command_id
                assert not is_told_here or whose not in left or at < left[whose]
                assert whose == then[-1] or left[then[-1]] <= at
                late[f"{topic} told late"] += whose != led[stream][-1][1]
                ends[stream] = (at, whose)
                led[stream].append((at, whose))
            elif topic == "deal.reopened":
                ends.pop(stream, None)
    assert {stream: shown[stream] for stream in ends} == {stream: whose for stream, (_, whose) in ends.items()}
    return late


def check_deals(readers: Readers) -> Counter[str]:
    """Where deals stand, and what they are worth, is the same on the board, in lists, on cards and in the totals."""
    deals = readers.listed(DEALS)
    assert len(deals) == len({each["deal_id"] for each in deals}) < 200
    totals = readers.report("pipeline_totals")
    for road in {each["pipeline_id"] for each in deals}:
        here = [each for each in deals if each["pipeline_id"] == road]
        statement = page_statement(
            BOARD, frozenset({"pipeline"}), 200, has_cursor=False, around=board_around(frozenset())
        )
        pipeline, text, *_ = readers.one(statement, pipeline=road, seller=None)
        assert str(pipeline) == road
        board = json.loads(text)
        places = [("open", stage["code"], stage) for stage in board["stages"]]
        places += [("won", None, board["won"]), ("lost", None, board["lost"])]
        for status, stage, shown in places:
            listed = [each for each in here if each["status"] == status and (stage is None or each["stage"] == stage)]
            reported = [
                row for row in totals if (str(row["pipeline_id"]), row["status"], row["stage"]) == (road, status, stage)
            ]
            assert shown["count"] == len(listed) == sum(row["deals"] for row in reported)
            worth = told(shown["sums"])
            assert worth == added((each["currency"], each["amount"]) for each in listed)
            assert worth == added((row["currency"], row["amount"]) for row in reported)
    for client in chances.CLIENTS:
        text, *_ = readers.one(CARD, client_id=client)
        if text is not None:
            card = json.loads(text)
            listed = [each for each in readers.listed(DEALS, client=client) if each["status"] == "open"]
            assert card["open_deals"]["count"] == len(listed)
            assert told(card["open_deals"]["sums"]) == added((each["currency"], each["amount"]) for each in listed)
    return Counter(each["status"] for each in deals)


def check_touches(readers: Readers) -> Counter[str]:
    """What touched a client is the same on the card, in the list of clients and in the list of activities."""
    everything = readers.listed(ACTIVITIES)
    cards = {each["client_id"]: each for each in readers.listed(CLIENTS)}
    seen: Counter[str] = Counter()
    for client in chances.CLIENTS:
        who = readers.answering(client)
        theirs = [each for each in everything if who in {each["client_id"], each["contact_id"]}]
        assert readers.listed(ACTIVITIES, client=client) == theirs
        text, *_ = readers.one(CARD, client_id=client)
        assert (text is None) == (who not in cards)
        assert str(client) == who or str(client) not in cards
        touches = list(filter(is_contact, theirs))
        seen["touches of contacts"] += sum(each["client_id"] != who for each in touches)
        seen["merged"] += str(client) != who
        seen["misdials"] += len(theirs) - len(touches)
        last = touches[0] if touches else {}
        figures = {
            "touch_count": len(touches),
            "last_touch_at": last.get("held_at"),
            "last_touch_channel": last.get("channel"),
        }
        for shown in (cards[who], json.loads(text)) if text is not None else ():
            assert {name: shown[name] for name in figures} == figures
            assert shown.get("last_touch_direction", last.get("direction")) == last.get("direction")
    return seen


def stories_by_hand(database: Database) -> tuple[dict[str, set[int]], int]:
    """Return the positions of what concerns everybody, as a clerk would look for it in the log; and how much joined.

    Whatever an activity or a deal had before its client, or its contact, was known is theirs as well.
    """
    streams: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    stories: dict[str, set[int]] = defaultdict(set)
    with psycopg.connect(database.projector_url) as connection:
        for position, stream, topic, body, parties in connection.execute(
            "SELECT position, stream_id::text, topic, body, parties::text[] FROM letopis.event ORDER BY position"
        ):
            for party in parties:
                stories[party].add(position)
            if topic.startswith(("activity.", "deal.")):
                streams[stream].append((position, body))
    joined = 0
    for facts in streams.values():
        for role in ("client_id", "contact_id"):
            named = [(position, body[role]) for position, body in facts if role in body]
            if named:
                before = {position for position, _ in facts if position < named[0][0]}
                joined += len(before - stories[named[-1][1]])
                stories[named[-1][1]] |= before
    return stories, joined


def check_stories(readers: Readers) -> Counter[str]:
    """A client's story is the same in the timeline and in the history, and it is all that the log has of it."""
    stories, joined = stories_by_hand(readers.company.database)
    with psycopg.connect(readers.company.database.projector_url, autocommit=True) as log:
        for client in chances.CLIENTS:
            told = readers.listed(TIMELINE, client_id=client)
            assert len(told) < 200
            assert [each["event_position"] for each in told] == [
                each["event_position"]
                for each in sorted(told, key=lambda each: (each["occurred_at"], each["event_position"]), reverse=True)
            ]
            entries = list(whole_history(log, readers.company.decode, client))
            assert entries == sorted(entries, key=lambda entry: entry.position)
            # That two were one is told by each side of it in its own stream, and read by the auditor on both.
            sides = {entry.position for entry in entries if entry.topic in OF_ONE_STORY}
            history = {entry.position for entry in entries} - sides
            by_hand = {position for each in everybody(log, client) for position in stories[str(each)]}
            assert history == {each["event_position"] for each in told} - sides == by_hand - sides
    return Counter({"joined later": joined})


def check_all(readers: Readers) -> Counter[str]:
    while readers.company.follow(1000):
        pass
    seen = check_staff(readers) + check_plans(readers) + check_credit(readers) + check_deals(readers)
    return seen + check_touches(readers) + check_stories(readers)


@contextmanager
def lived(database: Database, folder: Path) -> Iterator[Readers]:
    """Lend a company and its readers, who ask the same few statements over and over: each is planned once."""
    options = "-c search_path=read -c plan_cache_mode=force_generic_plan"
    with (
        company(database, folder) as one,
        psycopg.connect(database.reader_url, options=options, autocommit=True) as connection,
    ):
        connection.prepare_threshold = 0
        yield Readers(one, connection)


def test_every_place_tells_the_same_figures_whatever_happened(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=int(os.environ.get("LETOPIS_HISTORIES", "4")),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(batches=6, more=OFTEN))
    def agree(batches: list[list[Asked]]) -> None:
        folder = tmp_path_factory.mktemp("figures")
        with copy_of(cluster, template) as database, lived(database, folder) as readers:
            for batch in [batches[0], list(LATE), list(TIES), *batches[1:], list(ENDING)]:
                play(readers.company.runner, batch)
                seen.update(check_all(readers))

    agree()
    # They agree on something.
    names = ["contacts", "deals_won", "deals_lost", "open", "won", "lost"]
    names += [
        "merged",
        "touches of contacts",
        "misdials",
        "joined later",
        "deal.won told late",
        "activity.held told late",
        "contacts of a company",
        "deals_won of a company",
        "sum_won of a company",
    ]
    assert min(seen[name] for name in names) > 0, seen


def test_a_deal_won_reopened_and_won_again_is_one_win_of_what_it_was_won_for_last(
    database: Database, tmp_path: Any
) -> None:
    worth = Money(amount=Decimal(100_000), currency="USD")
    sold = Money(amount=Decimal(90_000), currency="USD")
    sale, seller, road = chances.DEALS[7], chances.STAFF[0], chances.ROADS[0]
    open_deal = deal.OpenDeal(deal_id=sale, seller_id=seller, pipeline_id=road, amount=worth)
    steps = [deal.WinDeal(deal_id=sale, amount=sold), deal.ReopenDeal(deal_id=sale, reason="they called back")]
    with lived(database, tmp_path) as readers:
        play(readers.company.runner, [*OPENING, Asked(open_deal, ADMIN), *(Asked(step, ADMIN) for step in steps)])
        check_all(readers)
        [reopened] = [each for each in readers.listed(DEALS, seller=seller) if each["deal_id"] == str(sale)]
        assert (reopened["status"], Decimal(reopened["amount"])) == ("open", Decimal(90_000))
        counters = readers.counters(seller)
        assert counters
        assert counters["deals_won"] == 0
        play(readers.company.runner, [Asked(deal.WinDeal(deal_id=sale), ADMIN)])
        check_all(readers)
        counters = readers.counters(seller)
    assert counters
    assert (counters["deals_won"], told(counters["won"])) == (1, {"USD": Decimal(90_000)})


def test_what_was_handed_over_since_is_credited_to_who_led_it_then(database: Database, tmp_path: Path) -> None:
    with lived(database, tmp_path) as readers:
        play(readers.company.runner, list(OPENING))
        refused = [answer for _, answer in play(readers.company.runner, list(LATE)) if not isinstance(answer, Accepted)]
        assert refused == []
        check_all(readers)
        former, present = (readers.counters(staff) or {} for staff in chances.STAFF[:2])
    assert (former["deals_won"], told(former["won"]), former["contacts"]) == (1, {"USD": WORTH.amount}, 1)
    assert (present["deals_won"], present["won"], present["contacts"]) == (0, [], 1)


def test_a_call_and_a_deal_tied_later_join_the_story_with_all_they_had(database: Database, tmp_path: Path) -> None:
    with lived(database, tmp_path) as readers:
        play(readers.company.runner, list(OPENING))
        refused = [answer for _, answer in play(readers.company.runner, list(TIES)) if not isinstance(answer, Accepted)]
        assert refused == []
        seen = check_all(readers)
        story = readers.listed(TIMELINE, client_id=chances.CLIENTS[1])
        told = [
            [each["topic"] for each in story if each["stream_id"] == str(tied)] for tied in (_TIED, chances.DEALS[5])
        ]
        touched = {each["client_id"]: each["touch_count"] for each in readers.listed(CLIENTS)}
    assert told == [
        ["activity.client_named", "activity.noted", "activity.held"],
        ["deal.client_named", "deal.moved", "deal.opened"],
    ]
    assert seen["joined later"] == 4
    # The misdial touched neither the organisation nor the person who was thought to call.
    assert (touched[str(chances.CLIENTS[1])], touched[str(chances.CLIENTS[0])]) == (2, 1)


def test_a_contact_person_s_call_touches_them_and_the_organisation_once_each(
    database: Database, tmp_path: Path
) -> None:
    organisation, person = chances.CLIENTS[1], chances.CLIENTS[0]
    call: dict[str, Any] = {
        "channel": Channel.CALL,
        "direction": Direction.OUTBOUND,
        "staff_id": chances.STAFF[0],
        "topic": "x",
    }
    calls = [
        activity.RecordActivity(activity_id=chances.ACTIVITIES[5], client_id=organisation, contact_id=person, **call),
        activity.RecordActivity(activity_id=chances.ACTIVITIES[6], client_id=person, contact_id=person, **call),
    ]
    with lived(database, tmp_path) as readers:
        play(readers.company.runner, [*OPENING, *(Asked(each, ADMIN) for each in calls)])
        check_all(readers)
        listed = {client: len(readers.listed(ACTIVITIES, client=client)) for client in (organisation, person)}
        touched = {each["client_id"]: each["touch_count"] for each in readers.listed(CLIENTS)}
    assert listed == {organisation: 1, person: 2}
    assert (touched[str(organisation)], touched[str(person)]) == (1, 2)
