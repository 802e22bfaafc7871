"""Clients who are made one and taken apart again: nothing is left of it but what was done since.

`LETOPIS_MERGES=10000 python -m pytest tests/system/test_merge.py` merges that many.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from commands.client_merge import MergeClients
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from infra.log.ids import new_id
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.tables import view_of
from projections.registry import PROJECTIONS
from tests.database import MASTER, copy_of
from tests.read_api.office import Office, open_office
from tests.system.company import Company, company
from tests.system.histories import ADMIN
from tests.system.merged_company import Script, Told

MERGES = int(os.environ.get("LETOPIS_MERGES", "30"))
AT_ONCE = 200
SHOWN = 25
"""Groups of which everything is asked that can be asked of one client."""

OTHERWISE = {
    *("position", "version", "event_position", "recorded_at", "stage_since_position"),
    *("before_client", "before_contact"),
    "until",
}
"""What stands where in the log, which the merges are in as well; and how long an owner was one, which they end."""
OF_MERGES = {"client.merged", "client.merged_into", "client.unmerged", "client.unmerged_from", "client.part_advanced"}


@contextmanager
def lived(
    cluster: EmbeddedPostgres, template: str, folders: pytest.TempPathFactory
) -> Iterator[tuple[Company, Office]]:
    with (
        copy_of(cluster, template) as database,
        company(database, folders.mktemp("company")) as one,
        open_office(database, one.analytics, timeout=30.0) as office,
    ):
        yield one, office


def tell(one: Company, told: Iterable[Told], *, is_merged: bool) -> list[Any]:
    """Carry commands out; return the answers, in order, None for what this company is not told."""
    answers: list[Any] = []
    batch = list(told)
    for start in range(0, len(batch), AT_ONCE):
        some = batch[start : start + AT_ONCE]
        asked = [each for each in some if is_merged or each.is_of_both]
        requests = [
            Request.of(each.command, ADMIN, MASTER.keyed_hash, command_id=new_id(), received_at=each.received_at)
            for each in asked
        ]
        answered = iter(one.runner.run(requests))
        answers += [next(answered) if is_merged or each.is_of_both else None for each in some]
    return answers


def codes(answers: Iterable[Any]) -> list[str]:
    """Return what became of commands: how many facts each recorded, or why it was refused."""
    return [_code(each) for each in answers]


def _code(answer: Any) -> str:
    if isinstance(answer, Accepted):
        return str(sum(event["topic"] not in OF_MERGES for event in answer.events))
    return str(getattr(answer, "code", type(answer).__name__))


def rows_of(one: Company) -> dict[str, Counter[str]]:
    """Return what readers see, view by view, but for where in the log it comes from, and the merges themselves."""
    found: dict[str, Counter[str]] = {}
    with psycopg.connect(one.database.reader_url) as reader:
        for each in PROJECTIONS:
            cursor = reader.execute(f"SELECT * FROM read.{view_of(each)}".encode())
            names = [column.name for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
            found[each.name] = Counter(
                repr({name: value for name, value in row.items() if name not in OTHERWISE})
                for row in rows
                if row.get("topic") not in OF_MERGES and row.get("cause") not in {"merge", "unmerge"}
            )
    return found


def answering(office: Office, client_id: UUID) -> dict[str, Any]:
    answer = office.get(f"/clients/{client_id}", role="admin")
    assert answer.status_code == 200, answer.text
    card: dict[str, Any] = answer.json()
    return card


def items(office: Office, path: str) -> list[dict[str, Any]]:
    answer = office.get(f"{path}{'&' if '?' in path else '?'}limit=200", role="admin")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def same(one: Any, other: Any) -> None:
    assert _less(one) == _less(other)


def _less(told: Any) -> Any:
    """Return an answer but for where in the log it comes from."""
    if isinstance(told, Mapping):
        return {name: _less(value) for name, value in told.items() if name not in {*OTHERWISE, "next"}}
    if isinstance(told, list):
        return [_less(each) for each in told if not (isinstance(each, dict) and each.get("topic") in OF_MERGES)]
    return told


QUESTIONS = ("", "?include=deals,fields,next_activity,notes,tags", "/timeline", "/notes", "/permissions", "/files")


def test_what_was_merged_and_taken_apart_is_as_if_it_had_never_been(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = Script(MERGES)
    with (
        lived(cluster, template, tmp_path_factory) as (one, office),
        lived(cluster, template, tmp_path_factory) as (control, its_office),
    ):
        opening = list(script.opening())
        assert codes(tell(one, opening, is_merged=True)) == codes(tell(control, opening, is_merged=False))
        one.catch_up()
        control.catch_up()
        before = rows_of(one)
        assert before == rows_of(control)

        started = time.monotonic()
        merges = list(script.merges())
        answered = tell(one, merges, is_merged=True)
        assert [each for each in answered if not isinstance(each, Accepted)] == []
        print(f"{len(merges)} merges in {time.monotonic() - started:.1f} s")
        one.catch_up()
        joined = _joined(merges)
        _check_merged(script, office, its_office, joined)

        since = list(script.since(joined, MERGES // 2 + 20))
        ours, theirs = tell(one, since, is_merged=True), tell(control, since, is_merged=False)
        _check_since(since, ours, theirs)
        one.catch_up()
        control.catch_up()

        started = time.monotonic()
        _take_apart(script, one, merges)
        print(f"taken apart in {time.monotonic() - started:.1f} s")
        one.catch_up()
        assert rows_of(one)["canonical_map"] == Counter()
        ours_then, theirs_then = rows_of(one), rows_of(control)
        for name, rows in theirs_then.items():
            assert ours_then[name] - rows == Counter(), name
            assert rows - ours_then[name] == Counter(), name
        assert one.reports() == control.reports()
        for group in script.groups[:SHOWN]:
            for client_id in group:
                for question in QUESTIONS:
                    path = f"/clients/{client_id}{question}"
                    same(office.get(path, role="admin").json(), its_office.get(path, role="admin").json())


def _joined(merges: Iterable[Told]) -> dict[UUID, UUID]:
    """Return who answers for whom."""
    into: dict[UUID, UUID] = {}
    for told in merges:
        assert isinstance(told.command, MergeClients)
        into[told.command.merged_id] = told.command.survivor_id
    answers = {}
    for each in into:
        top = each
        while top in into:
            top = into[top]
        answers[each] = top
    return answers


def _check_merged(script: Script, office: Office, its_office: Office, joined: Mapping[UUID, UUID]) -> None:
    """Each group is one client, by whichever id it is asked for, and has what all of them had."""
    for group in script.groups[:SHOWN]:
        top = joined.get(group[0], group[0])
        cards = [answering(office, each) for each in group]
        assert all(card == cards[0] for card in cards)
        apart = [answering(its_office, each) for each in group]
        assert cards[0]["client_id"] == str(top)
        assert {each["client_id"] for each in cards[0]["merged"]} == {str(each) for each in group} - {str(top)}
        assert cards[0]["open_deals"]["count"] == sum(card["open_deals"]["count"] for card in apart)
        points = {(point["kind"], point["key"]) for card in apart for point in card["contact_points"]}
        assert {(point["kind"], point["key"]) for point in cards[0]["contact_points"]} == points
        for question, key in (("/timeline", "event_position"), ("/notes", "note_id")):
            told = [items(office, f"/clients/{each}{question}") for each in group]
            assert all(each == told[0] for each in told)
            assert len({each[key] for each in told[0]}) == len(told[0])
            theirs = [each for one in group for each in items(its_office, f"/clients/{one}{question}")]
            mine = [each for each in told[0] if each.get("topic") not in OF_MERGES]
            assert len(mine) == len({each[key] for each in theirs})
        for name in ("/deals", "/activities"):
            ours = {each for one in group for each in _ids(items(office, f"{name}?client={one}"))}
            assert ours == {each for one in group for each in _ids(items(its_office, f"{name}?client={one}"))}
        for point in cards[0]["contact_points"]:
            if point["kind"] in {"phone", "email"}:
                found = office.send(
                    "POST", "/clients/search", role="admin", json={point["kind"]: point["value"]}
                ).json()["items"]
                assert [each["client_id"] for each in found] == [str(top)]
    listed = office.get("/clients?limit=200&count=true", role="admin").json()
    theirs = its_office.get("/clients?limit=200&count=true", role="admin").json()
    assert listed["count"] == theirs["count"] - len(joined)
    for status in ("open", "won"):
        counted = [
            each.get(f"/deals?status={status}&count=true", role="admin").json()["count"]
            for each in (office, its_office)
        ]
        assert counted[0] == counted[1]


def _ids(told: list[dict[str, Any]]) -> set[str]:
    return {str(each.get("deal_id") if "stage" in each else each["activity_id"]) for each in told}


def _check_since(since: list[Told], ours: list[Any], theirs: list[Any]) -> None:
    """What came since was taken by both companies alike, but for what the rule of one owner says of who was merged."""
    differing = [
        (told.command, mine, other)
        for told, mine, other in zip(since, codes(ours), codes(theirs), strict=True)
        if mine != other
    ]
    assert differing == []


def _take_apart(script: Script, one: Company, merges: list[Told]) -> None:
    joined = [told.command.merged_id for told in merges if isinstance(told.command, MergeClients)]
    into = {
        told.command.merged_id: told.command.survivor_id for told in merges if isinstance(told.command, MergeClients)
    }
    for each in script.taking_apart(joined):
        top = into[each]
        while top in into:
            top = into[top]
        answers = tell(one, [script.unmerge(top, each)], is_merged=True)
        assert [answer for answer in answers if not isinstance(answer, Accepted)] == [], answers
        del into[each]
