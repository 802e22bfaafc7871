"""What an import said beside a client's card is taken back with it, or as it was; what people said since stays."""

from pathlib import Path
from typing import Any

import pytest

from commands.client_field import ClearClientField, SetClientField
from commands.client_tag import TagClient, UntagClient
from commands.custom_field import RetireCustomField, RetireFieldOption
from commands.importing.mapping import Mapping
from commands.importing.report import Report
from commands.importing.reverted import RevertReport
from tests.commands.importing.imports import Desk, desk_at, failing_after
from tests.commands.importing.test_own_fields import FIELDS, asked, brought, said, with_fields
from tests.commands.importing.test_revert import ids_of, reverted, why
from tests.database import Database

FIRST = "1;Ромашка;раз;10;;да;hot\n2;Лютик;;;;;\n"


@pytest.fixture
def desk(database: Database) -> Desk:
    return with_fields(desk_at(database))


def tagging(mode: str = "create", **rest: Any) -> Mapping:
    """The fields, and tags in the column of the first one."""
    fields = {**FIELDS, "tags": {"column": "Пометка", "split": ","}}
    del fields["field:note2"]
    base = asked(mode, **rest)
    return base.model_copy(update={"fields": type(base).model_validate({**base.model_dump(), "fields": fields}).fields})


def standing(desk: Desk) -> dict[str, dict[str, str]]:
    """What stands in the fields of each client by their external id, and their tags, from the raw facts."""
    names = {str(client_id): name for name, client_id in ids_of(desk).items()}
    found: dict[str, dict[str, str]] = {}
    facts = desk.rows("SELECT position, event_id FROM letopis.event WHERE topic ~ '^client_(field|tag)' ORDER BY 1")
    assert facts is not None
    for topic in ("client_field.set", "client_field.cleared", "client_tag.given", "client_tag.taken"):
        for body in desk.bodies(topic):
            found.setdefault(names[body["client_id"]], {})
    for body in _in_order(desk):
        mine = found[names[body["client_id"]]]
        key = body.get("code") or f"#{body['tag'].casefold()}"
        if body["_topic"] in {"client_field.set", "client_tag.given"}:
            mine[key] = body.get("value") or body["tag"]
        else:
            mine.pop(key, None)
    return {name: values for name, values in found.items() if values}


def _in_order(desk: Desk) -> list[dict[str, Any]]:
    order = {
        event_id: (position, topic)
        for position, event_id, topic in desk.rows("SELECT position, event_id, topic FROM letopis.event")
    }
    bodies = []
    for topic in ("client_field.set", "client_field.cleared", "client_tag.given", "client_tag.taken"):
        facts = desk.rows("SELECT event_id FROM letopis.event WHERE topic = %s ORDER BY position", topic)
        for (event_id,), body in zip(facts, desk.bodies(topic), strict=True):
            bodies.append((order[event_id][0], {**body, "_topic": topic}))
    return [body for _, body in sorted(bodies, key=lambda each: each[0])]


def taken_back(desk: Desk, report: Report, **more: Any) -> RevertReport:
    return reverted(desk, report, **more)


def test_who_was_entered_is_gone_with_what_was_said_beside_the_card(desk: Desk, tmp_path: Path) -> None:
    report = brought(desk, tmp_path, FIRST.replace("раз", "vip, Опт"), tagging())
    assert standing(desk)["1"] == {"size": "10", "vip": "true", "heat": "hot", "#vip": "vip", "#опт": "Опт"}
    size = desk.size()
    dry = taken_back(desk, report, is_dry=True)
    assert (dry.gone, dry.kept, desk.size()) == ({"client": 2}, 0, size)
    undone = taken_back(desk, report)
    assert (undone.gone, undone.restored, undone.kept, dict(undone.remains)) == ({"client": 2}, 0, 0, {})
    assert standing(desk) == {}
    # It happened when what it takes back had happened.
    at = {body["_at"] for topic in ("client_field.cleared", "client_tag.taken") for body in desk.bodies(topic)}
    assert at == {desk.bodies("client_field.set")[0]["_at"]}
    size = desk.size()
    again = taken_back(desk, report)
    assert (again.gone, again.kept, desk.size()) == ({"client": 2}, 0, size)
    # And brought once more, taken back once more.
    second = brought(desk, tmp_path, FIRST.replace("раз", "vip"), tagging())
    assert (second.accepted, standing(desk)["1"]["heat"]) == (2, "hot")
    assert (taken_back(desk, second).gone, standing(desk)) == ({"client": 2}, {})


@pytest.mark.parametrize("what", ["set", "cleared", "tagged", "untagged"])
def test_who_has_had_something_said_by_hand_since_stays_whole(desk: Desk, tmp_path: Path, what: str) -> None:
    report = brought(desk, tmp_path, FIRST.replace("раз", "vip"), tagging())
    client_id, other = ids_of(desk)["1"], ids_of(desk)["2"]
    deed = {
        "set": SetClientField(client_id=client_id, code="size", value="11"),
        "cleared": ClearClientField(client_id=client_id, code="size"),
        "tagged": TagClient(client_id=client_id, tag="мой"),
        "untagged": UntagClient(client_id=client_id, tag="VIP"),
    }[what]
    said(desk, deed)
    before = standing(desk)
    undone = taken_back(desk, report)
    assert (undone.gone, undone.kept) == ({"client": 1}, 1)
    (stays,) = undone.stays
    assert (stays.id, stays.code) == (client_id, "entry-is-used")
    assert stays.deed is not None
    assert not stays.deed.actor.startswith("import:")
    assert standing(desk) == before
    assert other not in {each.id for each in undone.stays}


def test_what_was_changed_is_as_it_was_and_what_was_added_is_gone(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, FIRST.replace("раз", "vip"), tagging())
    before = standing(desk)
    since = desk.bodies("client_field.set")[0]["_at"]
    report = brought(desk, tmp_path, "1;;VIP,новый;12;;нет;\n2;;;;;;cold\n", tagging("update", clear=["field:heat"]))
    assert report.updated == 2
    assert standing(desk)["1"] == {"size": "12", "vip": "false", "#vip": "vip", "#новый": "новый"}
    # A field or an option that was retired since counts again all the same.
    said(desk, RetireFieldOption(code="heat", option="hot"), RetireCustomField(code="size"))
    undone = taken_back(desk, report)
    assert (undone.gone, undone.restored, undone.kept) == ({}, 2, 0)
    assert standing(desk) == before
    assert [body["_at"] for body in desk.bodies("client_field.set")[-3:]] == [since] * 3
    size = desk.size()
    assert (taken_back(desk, report).restored, desk.size()) == (2, size)


def test_what_people_said_of_it_since_stays_and_is_told(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, FIRST, tagging())
    report = brought(desk, tmp_path, "1;;новый;12;;нет;\n2;;;;;;cold\n", tagging("update"))
    one = ids_of(desk)["1"]
    said(
        desk,
        SetClientField(client_id=one, code="size", value="99"),
        UntagClient(client_id=one, tag="новый"),
        TagClient(client_id=one, tag="Новый"),
    )
    undone = taken_back(desk, report)
    assert (undone.restored, undone.kept) == (2, 1)
    assert why(undone) == [
        ("field:size", "said-since", "client_field.set"),
        ("tag", "said-since", "client_tag.given"),
    ]
    assert {each.id for each in undone.stays} == {one}
    assert standing(desk)["1"] == {
        "size": "99", "vip": "true", "heat": "hot", "#раз": "раз", "#новый": "Новый",
    }  # fmt: skip
    assert "2" not in standing(desk)


def test_of_imports_that_follow_each_other_the_last_is_taken_back_first(desk: Desk, tmp_path: Path) -> None:
    first = brought(desk, tmp_path, FIRST, tagging())
    second = brought(desk, tmp_path, "1;;;12;;;\n", tagging("update"))
    third = brought(desk, tmp_path, "1;;;13;;;\n", tagging("update"))
    # The second lies under the third; the first stays, since both have said something of the client.
    assert (taken_back(desk, second).kept, taken_back(desk, first).gone) == (1, {"client": 1})
    assert (taken_back(desk, third).restored, taken_back(desk, second).restored) == (1, 1)
    assert standing(desk)["1"]["size"] == "10"
    assert (taken_back(desk, first).gone, standing(desk)) == ({"client": 2}, {})


def test_a_revert_that_was_killed_goes_on(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"{n};Client {n};t{n};{n};;;hot\n" for n in range(2500))
    created = brought(desk, tmp_path, rows, tagging())
    before = standing(desk)
    updated = brought(desk, tmp_path, rows.replace("hot", "cold"), tagging("update"))
    for report, expected in ((updated, before), (created, {})):
        with pytest.raises(KeyboardInterrupt):
            taken_back(desk, report, door=failing_after(desk.door(), 2))
        undone = taken_back(desk, report)
        assert (undone.restored, undone.gone.total()) == ((2500, 0) if report is updated else (0, 2500))
        assert standing(desk) == expected
