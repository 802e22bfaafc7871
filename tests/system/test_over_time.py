"""What is told of many moments at once is, at each of them, what the past is as of that moment.

The changes of a card, applied one after the other, are the card at each of the client's facts; the report of the board
by day is the board as of the end of each day.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from commands import activity, branch, client, deal
from commands.base import Actor
from events.ids import branch_named
from events.values import CallStatus, Channel, Direction
from infra.log.past_log import PastLog
from infra.postgres.embedded import EmbeddedPostgres
from read_api.client_card import ClientCard
from read_api.reading.answer import columns
from replay.past.as_of import TimeMachine
from tests.database import Database, copy_of
from tests.read_api.office import Office, open_office
from tests.system.chances import ACTIVITIES, BEGINNING, BUYER, CLIENTS, ROADS, SALE, SHOP, STAFF
from tests.system.company import company
from tests.system.histories import ADMIN, WORTH, Asked, histories, request
from tests.system.test_as_of import DATED_BACK

LENSES = {"recorded": "recorded_at", "occurred": "occurred_at"}
PAGE = 19
"""Facts on one page: no life here is told on one."""

NOTHING: tuple[Any, ...] = (None, [], False)
ONCE = {"client_id", "kind", "registered_at", "date_unknown", "source", "external_id", "tax_id"} | {
    "profile",
    "parent_id",
    "data_notices",
}
"""Members of a card that are said once here, or never."""

OF_OTHERS = {
    "activity.held",
    "activity.call_classified",
    "branch.renamed",
    "client.renamed",
    "deal.client_named",
    "deal.opened",
    "deal.revalued",
    "staff.moved",
}
"""Facts in streams of others by which a card changes."""

TODAY = BEGINNING + timedelta(days=400)
DAYS = 6
"""So many days are told, at least, on which the board became another one."""

EMPTY: dict[str, Any] = dict.fromkeys(columns(ClientCard, "c"))


STEP = timedelta(hours=20)
"""From one command to the next; what they say of other days lies before and after."""


MISTAKEN = ACTIVITIES[6]
RENAMED: tuple[Asked, ...] = (
    *(
        Asked(client.RenameClient(client_id=each, name=name), Actor(str(STAFF[0]), "admin"))
        for each, name in ((CLIENTS[1], "Lutik"), (CLIENTS[0], "Olga"), (CLIENTS[3], "Anna"), (SHOP, "Shop"))
    ),
    Asked(branch.RenameBranch(branch_id=branch_named("Romashka"), name="Perm"), ADMIN),
    Asked(
        activity.RecordActivity(
            activity_id=MISTAKEN,
            channel=Channel.CALL,
            direction=Direction.INBOUND,
            staff_id=STAFF[1],
            client_id=CLIENTS[1],
            contact_id=CLIENTS[0],
            call_status=CallStatus.TAKEN_TO_WORK,
        ),
        ADMIN,
    ),
    Asked(activity.ClassifyCall(activity_id=MISTAKEN, status=CallStatus.MISDIAL, staff_id=STAFF[1]), ADMIN),
    Asked(deal.RevalueDeal(deal_id=SALE, amount=WORTH), ADMIN),
    Asked(client.ArchiveClient(client_id=SHOP, reason="shut down"), ADMIN),
    Asked(client.RestoreClient(client_id=SHOP, reason="opened again"), ADMIN),
)
"""Others whom a card names are called otherwise, a touch was none, and a client is no more and is again."""


def pages(office: Office, client_id: UUID, by: str, who: dict[str, Any]) -> Iterator[dict[str, Any]]:
    more = ""
    while True:
        answer = office.get(f"/clients/{client_id}/changes?by={by}&limit={PAGE}{more}", **who)
        if answer.status_code == 404:
            return
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= PAGE
        yield from page["items"]
        if page["next"] is None:
            return
        more = f"&cursor={page['next']}"


def card_as_of(office: Office, client_id: UUID, as_of: str, who: dict[str, Any]) -> dict[str, Any]:
    answer = office.get(f"/clients/{client_id}?as_of={as_of}", **who)
    assert answer.status_code in {200, 404}, answer.text
    return answer.json() if answer.status_code == 200 else EMPTY


def moments_of(database: Database, client_id: UUID, column: str) -> list[datetime]:
    """When the facts counted that name the client, or stand in a stream that one of these stands in."""
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(
            f"SELECT DISTINCT e.{column} FROM letopis.event AS e WHERE e.stream_id IN (SELECT o.stream_id"
            " FROM letopis.event AS o WHERE %s = ANY (o.parties)) ORDER BY 1".encode(),
            [client_id],
        )
        return [moment.astimezone(UTC) for (moment,) in found]


ASKED = ("", "/timeline?limit=5", "/notes", "/ownership", "?include=deals,next_activity,notes,timeline")
"""What is asked of a client as of a moment, beside the card: of what is kept of the life, the owners excepted."""


def answers_at(office: Office, client_id: UUID, as_of: str, who: dict[str, Any]) -> list[tuple[int, Any, bytes]]:
    """Return what is answered as of a moment, and the facts of the last change up to it."""
    by = as_of.partition(":")[0]
    paths = [f"/clients/{client_id}{asked}{'&' if '?' in asked else '?'}as_of={as_of}" for asked in ASKED]
    told = [
        office.get(path, **who) for path in (*paths, f"/clients/{client_id}/changes?by={by}&as_of={as_of}&latest=true")
    ]
    return [(one.status_code, one.headers.get("letopis-position"), one.content) for one in told]


def latest_of(changes: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return the last of them, and those of the same moment."""
    return [change for change in changes if change[LENSES[by]] == changes[-1][LENSES[by]]]


def check_what_is_kept(
    office: Office, client_id: UUID, by: str, changes: list[dict[str, Any]], who: dict[str, Any]
) -> None:
    """What a kept life answers is what would be folded for the question alone, to the byte; in whatever order."""
    moments = moments_of(office.database, client_id, LENSES[by])
    chosen = [*moments[::5], *reversed(moments[::7])]
    texts = [f"{by}:{moment.isoformat().replace('+00:00', 'Z')}" for moment in chosen]
    kept = [answers_at(office, client_id, text, who) for text in texts]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TimeMachine, "_kept", lambda *_: None)
        assert kept == [answers_at(office, client_id, text, who) for text in texts]
    for moment, answers in zip(chosen, kept, strict=True):
        *_, (status, _, latest) = answers
        known = [change for change in changes if datetime.fromisoformat(change[LENSES[by]]) <= moment]
        assert status == 404 or json.loads(latest)["items"] == latest_of(known, by), (client_id, by, moment)


MERGED = {CLIENTS[1], CLIENTS[3]}
"""Who was one client for a while (histories.RARE)."""


def check(office: Office, client_id: UUID, by: str, who: dict[str, Any]) -> list[dict[str, Any]]:
    changes = list(pages(office, client_id, by, who))
    card, applied = dict(EMPTY), 0
    at = [datetime.fromisoformat(change[LENSES[by]]) for change in changes]
    for moment in sorted({*at, *moments_of(office.database, client_id, LENSES[by])}):
        while applied < len(changes) and at[applied] <= moment:
            for member, changed in changes[applied]["changes"].items():
                assert card[member] == changed["old"] != changed["new"], (changes[applied], member)
                card[member] = changed["new"]
            applied += 1
        text = moment.isoformat().replace("+00:00", "Z")
        then = card_as_of(office, client_id, f"{by}:{text}", who)
        if who and card != EMPTY == then:
            # It was another client's then, whom they do not see today.
            assert client_id in MERGED
            continue
        assert card == then, (client_id, by, text)
    assert applied == len(changes)
    check_what_is_kept(office, client_id, by, changes, who)
    return changes


@settings(
    max_examples=1, derandomize=True, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(batches=histories(batches=8))
def _in_this_history(
    batches: list[list[Asked]], cluster: EmbeddedPostgres, template: str, folders: pytest.TempPathFactory
) -> None:
    with (
        copy_of(cluster, template) as database,
        company(database, folders.mktemp("made")) as one,
        open_office(database, one.analytics) as office,
    ):
        asked = [each for batch in (*batches[:2], DATED_BACK, RENAMED, *batches[2:]) for each in batch]
        for number, each in enumerate(asked):
            one.runner.run([request(each, BEGINNING + number * STEP)])
        with psycopg.connect(database.owner_url) as owner:
            # Each fact has a moment of recording of its own, and every day some.
            owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
            owner.execute("UPDATE letopis.event SET recorded_at = %s + position * interval '7 hours'", [BEGINNING])
        while one.follow(1_000):
            pass
        check_changes(office)
        check_what_is_hidden(office)
        office.clock.stop_at(TODAY)
        for by in LENSES:
            check_board(office, by)


def check_changes(office: Office) -> None:
    changes = [
        change
        for client_id in (*CLIENTS[:4], SHOP, BUYER)
        for by in LENSES
        for change in check(office, client_id, by, {})
    ]
    in_part = [
        change
        for client_id in CLIENTS[:4]
        for seller in STAFF[1:3]
        for change in check(office, client_id, "recorded", {"role": "seller", "staff": seller})
    ]
    changed = {name for change in changes for name, one in change["changes"].items() if one["old"] not in NOTHING}
    assert changed >= EMPTY.keys() - ONCE
    assert {change["topic"] for change in changes} >= OF_OTHERS
    assert {change["staff_name"] for change in changes} >= {None, "Anna"}
    assert in_part
    on_record = {(one.question, one.subject_id) for one in office.accesses}
    assert {one for name, one in on_record if name == "get_client_changes"} == {*CLIENTS[:4], SHOP, BUYER}


def check_what_is_hidden(office: Office) -> None:
    """Of whom a caller does not see nothing is read, as of an id that nobody has: both take the same time."""
    sellers: list[dict[str, Any]] = [{"role": "seller", "staff": staff} for staff in STAFF[1:3]]
    pairs = [(each, who) for each in CLIENTS[:4] for who in sellers]
    hidden = [(each, who) for each, who in pairs if office.get(f"/clients/{each}", **who).status_code == 404]
    assert hidden
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PastLog, "_read", None)
        for client_id, who in hidden:
            for by in LENSES:
                told = answers_at(office, client_id, f"{by}:{BEGINNING.date()}", who)
                assert {status for status, _, _ in told} == {404}


def check_board(office: Office, by: str) -> None:
    path = f"/analytics/board_by_day?by_occurrence={str(by == 'occurred').lower()}"
    told: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: {str(road): {} for road in ROADS})
    for row in office.get(path, role="admin").json()["rows"]:
        stage = told[row["day"]][row["pipeline_id"]].setdefault(row["stage"], {"count": 0, "sums": []})
        stage["count"] += row["deals"]
        if row["currency"] is not None:
            stage["sums"].append({"currency": row["currency"], "amount": row["amount"]})
    days = sorted(told)
    assert (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days == len(days) - 1
    changed = [day for before, day in pairwise(days) if told[day] != told[before]]
    assert len(changed) >= DAYS
    compared = 0
    for day in sorted({days[0], *changed, days[-1]}):
        for road, stages in told[day].items():
            board = office.get(f"/pipeline?pipeline={road}&limit=1&as_of={by}:{day}", role="admin").json()
            # A deal may be dated back to a day on which its pipeline, or the stage, was not defined.
            shown = {each["code"]: {"count": each["count"], "sums": each["sums"]} for each in board.get("stages", [])}
            assert by == "occurred" or shown.keys() >= stages.keys()
            assert {code: each for code, each in shown.items() if each["count"]} == {
                code: each for code, each in stages.items() if code in shown
            }, (by, day, road)
            compared += len(shown.keys() & stages.keys())
    assert compared > DAYS
    ahead = office.get(f"{path}&from={days[-1]}&to=2999-12-31", role="admin").json()["rows"]
    assert {row["day"] for row in ahead} == {days[-1]} == {TODAY.date().isoformat()}


def test_many_moments_at_once_are_each_of_them(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _in_this_history(cluster=cluster, template=template, folders=tmp_path_factory)
