"""Reverting an import: what it made and nobody used is gone, what it changed is as it was, the rest stays."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commands.base import Actor, Command
from commands.client import CorrectProfile, RenameClient
from commands.client_merge import MergeClients, UnmergeClients
from commands.contact_point import ContactPointGiven, CorrectContactPoint
from commands.execution.decision import Request
from commands.execution.pending import Accepted, PendingCommand
from commands.import_revert import RevertClientUpdate
from commands.importing.file_import import import_file
from commands.importing.one_at_a_time import running
from commands.importing.problems import ImportRefusedError
from commands.importing.report import Report
from commands.importing.revert import revert_import
from commands.importing.reverted import RevertReport
from commands.importing.run import WriteDoor
from events.values import ContactKind, ProfileField
from infra.log.ids import new_id
from infra.postgres.connection import OwnConnection
from tests.commands.importing.imports import Counting, Desk, desk_at, failing_after, mapping, written
from tests.commands.importing.test_modes import ROWS, asked, brought
from tests.database import MASTER, Database

WHY = "the wrong file"
OPERATOR = Actor(str(UUID(int=7)), "admin")


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_at(database)


def told(desk: Desk, *commands: Command) -> None:
    """Let somebody do something by hand."""
    requests = [Request.of(each, OPERATOR, MASTER.keyed_hash, command_id=new_id()) for each in commands]
    for answer in desk.door().runner.run(requests):  # type: ignore[attr-defined]  # it is a BatchRunner
        assert isinstance(answer, Accepted), answer


def reverted(desk: Desk, report: Report, **more: Any) -> RevertReport:
    assert report.import_id is not None
    door = more.pop("door", None) or (desk.dry_door() if more.get("is_dry") else desk.door())
    return revert_import(report.import_id, door, desk.mapper.to_event, reason=WHY, **more)


def ids_of(desk: Desk) -> dict[str, UUID]:
    return {body["external_id"]: body["_stream"] for body in desk.bodies("client.registered")}


def why(report: RevertReport) -> list[tuple[str, str, str | None]]:
    return sorted((each.what, each.code, each.deed and each.deed.topic) for each in report.stays)


def claims(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT kind, key, holder_id FROM letopis.claim ORDER BY 1, 2, 3")


def test_who_was_entered_is_gone_and_gives_back_what_they_held(desk: Desk, tmp_path: Path) -> None:
    report = brought(desk, tmp_path, ROWS, asked("create"))
    assert claims(desk)
    dry = reverted(desk, report, is_dry=True)
    assert (dry.gone, dry.kept, len(claims(desk))) == ({"client": 3}, 0, 5)
    undone = reverted(desk, report, asked_by="olga")
    assert (undone.gone, undone.restored, undone.kept, claims(desk)) == ({"client": 3}, 0, 0, [])
    gone = desk.bodies("client.entry_reverted")
    assert {(body["reason"], body["import_id"]) for body in gone} == {(WHY, str(report.import_id))}
    (began,), (ended,) = desk.bodies("import.revert_begun"), desk.bodies("import.reverted")
    assert (began["reason"], began["asked_by"], ended["gone"], ended["kept"]) == (WHY, "olga", 3, 0)
    before = desk.size()
    again = reverted(desk, report)
    assert (again.gone, again.kept, desk.size()) == ({"client": 3}, 0, before)


def test_rows_that_were_taken_back_are_brought_once_more(desk: Desk, tmp_path: Path) -> None:
    first = brought(desk, tmp_path, ROWS, asked("create"))
    reverted(desk, first)
    second = brought(desk, tmp_path, ROWS.replace("Лютик", "Лютик и Ко"), asked("create"))
    assert (second.accepted, second.already_there, second.refused) == (3, 0, 0)
    assert second.import_id != first.import_id
    assert len(set(ids_of(desk).values())) == 3
    again = brought(desk, tmp_path, ROWS.replace("Лютик", "Лютик и Ко"), asked("create"))
    assert (again.accepted, again.already_there) == (0, 3)
    # The first one is as it was; the second is taken back by its own id.
    assert (reverted(desk, first).gone, len(claims(desk))) == ({"client": 3}, 5)
    assert (reverted(desk, second).gone, claims(desk)) == ({"client": 3}, [])


def test_what_was_changed_is_as_it_was_and_known_from_where_it_was(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    before = claims(desk)
    other = asked("update").model_copy(update={"source": "new-crm"})
    first, rest = "1,Ромашка+,+74951234567,,,it\n", "3,,8 (495) 765-43-21,z@x.org,7736050003,\n"
    report = brought(desk, tmp_path, f"{first}2,,8 (495) 222-33-44,B@x.org,,it\n{rest}", other)
    assert report.updated == 3
    undone = reverted(desk, report)
    assert (undone.gone, undone.restored, undone.kept) == ({}, 3, 0)
    assert claims(desk) == before
    back = desk.bodies("client.profile_corrected")
    by_client = {(body["_stream"], body.get("to_value"), body["source"]) for body in back}
    ids = ids_of(desk)
    assert (ids["1"], "retail", "old-crm") in by_client
    assert (ids["2"], None, "new-crm") in by_client
    assert desk.bodies("client.renamed")[-1]["source"] == "old-crm"
    size = desk.size()
    assert (reverted(desk, report).restored, desk.size()) == (3, size)


def test_what_people_said_since_stays_and_is_told(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    report = brought(desk, tmp_path, "1,Ромашка+,8 (495) 222-33-44,,,it\n2,Лютик+,,,,it\n", asked("update"))
    ids = ids_of(desk)
    told(
        desk,
        CorrectProfile(client_id=ids["1"], field=ProfileField.SECTOR, value="wholesale", source="call"),
        RenameClient(client_id=ids["2"], name="Лютик & Co"),
        CorrectContactPoint(
            client_id=ids["1"],
            from_point=ContactPointGiven(kind=ContactKind.PHONE, value="+74952223344"),
            to_point=ContactPointGiven(kind=ContactKind.PHONE, value="+74952223355"),
        ),
    )
    undone = reverted(desk, report)
    assert (undone.restored, undone.kept) == (2, 2)
    assert why(undone) == [
        ("name", "said-since", "client.renamed"),
        ("phone", "said-since", "client.contact_point_corrected"),
        ("sector", "said-since", "client.profile_corrected"),
    ]
    assert desk.bodies("client.renamed")[-1]["to_name"] == "Ромашка"
    assert desk.bodies("client.profile_corrected")[-1]["_stream"] == ids["2"]


def test_who_was_used_since_stays_whole_with_what_was_done(desk: Desk, tmp_path: Path) -> None:
    report = brought(desk, tmp_path, ROWS, asked("create"))
    ids = ids_of(desk)
    told(
        desk,
        RenameClient(client_id=ids["1"], name="Ромашка!"),
        MergeClients(survivor_id=ids["3"], merged_id=ids["2"], reason="one shop"),
    )
    undone = reverted(desk, report)
    assert (undone.gone, undone.kept) == ({}, 3)
    assert {each.id: each.deed and each.deed.topic for each in undone.stays} == {
        ids["1"]: "client.renamed",
        ids["2"]: "client.merged_into",
        ids["3"]: "client.merged",
    }
    told(desk, UnmergeClients(survivor_id=ids["3"], merged_id=ids["2"], reason="two shops"))
    assert (reverted(desk, report).gone, len(desk.bodies("import.reverted"))) == ({"client": 2}, 2)


def test_of_imports_that_follow_each_other_the_last_is_taken_back_first(desk: Desk, tmp_path: Path) -> None:
    first = brought(desk, tmp_path, ROWS, asked("create"))
    second = brought(desk, tmp_path, "1,,,,,it\n", asked("update"))
    third = brought(desk, tmp_path, "1,,,,,trade\n", asked("update"))
    assert (reverted(desk, second).kept, reverted(desk, first).gone) == (1, {"client": 2})
    assert (reverted(desk, third).restored, reverted(desk, second).restored) == (1, 1)
    assert desk.bodies("client.profile_corrected")[-1]["to_value"] == "retail"
    assert (reverted(desk, first).gone, claims(desk)) == ({"client": 3}, [])


def test_a_number_that_another_has_by_now_stays_away_and_is_told(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    report = brought(desk, tmp_path, "1,Ромашка+,,,7736050003,\n", asked("update"))
    brought(desk, tmp_path, "4,Соперник,,,7707083893,\n", asked("create"))
    undone = reverted(desk, report)
    assert (undone.restored, why(undone)) == (1, [("tax_id", "duplicate-client", "client.registered")])


def test_a_wrong_number_is_kept_as_it_was_written(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, "1,Ромашка,,,7707083894,\n", asked("create"))
    report = brought(desk, tmp_path, "1,,,,7707083893,\n", asked("update"))
    assert reverted(desk, report).restored == 1
    body = desk.bodies("client.tax_id_corrected")[-1]
    assert (body["to_tax_id"], body["is_tax_id_wrong"], body["confidence"]) == ("7707083894", True, "doubtful")
    assert claims(desk) == []


def test_an_import_and_a_revert_are_never_in_each_others_way(desk: Desk, tmp_path: Path) -> None:
    report = brought(desk, tmp_path, ROWS, asked("create"))
    with running(OwnConnection(desk.url)), pytest.raises(ImportRefusedError, match="An import or a revert is running"):
        reverted(desk, report)
    with running(OwnConnection(desk.url), alone=True):
        with pytest.raises(ImportRefusedError, match="being reverted"):
            brought(desk, tmp_path, "9,Новый,,,,\n", asked("create"))
        with pytest.raises(ImportRefusedError):
            reverted(desk, report)
    with running(OwnConnection(desk.url)):
        assert brought(desk, tmp_path, "9,Новый,,,,\n", asked("create")).accepted == 1
    assert reverted(desk, report).gone == {"client": 3}
    with pytest.raises(ImportRefusedError, match="There is no import"):
        revert_import(UUID(int=1), desk.door(), desk.mapper.to_event, reason=WHY)


def test_a_revert_that_was_killed_goes_on(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"{n},Client {n},,c{n}@x.org,,retail\n" for n in range(2500))
    created = brought(desk, tmp_path, rows, asked("create"))
    updated = brought(desk, tmp_path, rows.replace("retail", "it"), asked("update"))
    for report, topic in ((updated, "client.profile_corrected"), (created, "client.entry_reverted")):
        size = len(desk.bodies(topic))
        with pytest.raises(KeyboardInterrupt):
            reverted(desk, report, door=failing_after(desk.door(), 2))
        undone = reverted(desk, report)
        assert (undone.restored, undone.gone.total()) == ((2500, 0) if report is updated else (0, 2500))
        assert len(desk.bodies(topic)) == size + 2500
    assert claims(desk) == []


def test_an_import_that_was_killed_is_taken_back_as_far_as_it_came(desk: Desk, tmp_path: Path) -> None:
    rows = "Id,Name,Phone,Email,Inn,Sector\n" + "".join(f"{n},Client {n},,c{n}@x.org,,\n" for n in range(2500))
    file = written(tmp_path, rows)
    with pytest.raises(KeyboardInterrupt):
        import_file(file, asked("create"), failing_after(desk.door(), 2))
    ((import_id,),) = desk.rows("SELECT stream_id FROM letopis.event WHERE topic = 'import.started'")
    undone = revert_import(import_id, desk.door(), desk.mapper.to_event, reason=WHY)
    assert (undone.gone, claims(desk)) == ({"client": 1000}, [])
    assert import_file(file, asked("create"), desk.door()).accepted == 2500


def test_who_is_talked_about_elsewhere_stays_until_that_is_gone(desk: Desk, tmp_path: Path) -> None:
    report = brought(desk, tmp_path, ROWS, asked("create"))
    fields = {"client": "Client", "channel": {"value": "call"}}
    file = written(tmp_path, "Id,Client\nc1,1\n", name="calls.csv")
    call = import_file(file, mapping("activity", fields, external_id="Id"), desk.door())
    undone = reverted(desk, report)
    assert (undone.gone, why(undone)) == ({"client": 2}, [("entry", "entry-is-used", "activity.held")])
    assert (reverted(desk, call).gone, reverted(desk, report).gone) == ({"activity": 1}, {"client": 3})


class _Meddling(Counting):
    """A runner beside which somebody else does something, just before the first client is put back."""

    def __init__(self, door: WriteDoor, meddle: Callable[[], None]) -> None:
        super().__init__(door.runner)
        self._meddle: Callable[[], None] | None = meddle

    def decide(self, turns: Sequence[PendingCommand]) -> None:
        if self._meddle is not None and any(isinstance(turn.request.command, RevertClientUpdate) for turn in turns):
            self._meddle()
            self._meddle = None
        super().decide(turns)


def test_what_somebody_says_in_that_very_moment_stays(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, ROWS, asked("create"))
    report = brought(desk, tmp_path, "1,Ромашка+,,,,it\n", asked("update"))
    said = CorrectProfile(client_id=ids_of(desk)["1"], field=ProfileField.SECTOR, value="trade")
    door = desk.door()
    undone = reverted(desk, report, door=replace(door, runner=_Meddling(door, lambda: told(desk, said))))
    assert (undone.restored, why(undone)) == (1, [("sector", "said-since", "client.profile_corrected")])
    assert desk.bodies("client.profile_corrected")[-1]["to_value"] == "trade"
    assert desk.bodies("client.renamed")[-1]["to_name"] == "Ромашка"
