"""Who does not see what they name is told what is told of what there is not: whatever they ask for, and however."""

import asyncio
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, get_args
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from aggregates.activity import Activity
from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.deal import Deal
from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.http import Parts, create_app
from app.settings import Settings
from app.words.openapi import example_body
from app.words.problems import problem_of_item
from commands import activity, affiliation, client, deal, ownership, pipeline, product, staff
from commands.base import Actor, Command, stream_fields
from commands.contact_point import ContactPointGiven
from commands.execution.decision import Request
from commands.execution.door import command_routes
from commands.execution.pending import Accepted
from commands.registry import COMMANDS
from commands.roles import ACTING_BY_ID, Role
from commands.sight import Sight
from commands.standing import NOTHING, Granted, Standing, may_ask
from events.examples import example_of
from events.values import AffiliationRole, Channel, ClientKind, ContactKind, EditedKind, Extent, StaffRole
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, Database, copy_of
from tests.examples import ANNA, BORIS, HOLDING, LUTIK, OLGA, OTHER_SALE, ROAD, ROMASHKA, SALE, VERA
from tests.story import TODAY

ADMIN = Actor("01910000-0000-7000-8000-000000000001", "admin")
HER_PLAN, HIS_PLAN, HER_MEETING, HIS_OLD, HER_NEXT = (UUID(int=number) for number in range(0xA1, 0xA6))
EMAIL_OF_NEW = {"kind": "email", "value": "new@romashka.example"}
HERS: dict[type[Aggregate], UUID] = {Client: LUTIK, Deal: OTHER_SALE, Activity: HER_PLAN}
"""Anna's own."""
HIS: dict[type[Aggregate], UUID] = {Client: ROMASHKA, Deal: SALE, Activity: HIS_PLAN}
"""Boris's, whom Anna does not see."""

ABSENT = UUID("0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e")
WHOLE_GRANT: Granted = {"seller": dict.fromkeys(EditedKind, Extent.ALL)}
TOLD_OF = {"claim-client": {"client_id"}, "record-activity": {"client_id", "contact_id"}}
"""In which fields which commands may name a client whom one was told of: contact that comes in, and whose it is."""
BOUNDED = frozenset(get_args(Role)) - ACTING_BY_ID - {"import", "policy", "admin"}


class Field(NamedTuple):
    """A field of a command that names a client, a deal or an activity."""

    command: str
    name: str
    kind: type[Aggregate]

    def body(self, identity: UUID) -> dict[str, Any]:
        """Return the command's example with this id there, and in the other such fields what is Anna's."""
        command = COMMANDS[self.command]
        body = {**example_body(self.command), **MORE.get(self, {})}
        if self.command == "record-activity":
            body["direction"] = "outbound"
            body.pop("call_status", None)
        for name, kind in guarded(command):
            fields = command.model_fields
            if name == self.name:
                body[name] = [str(identity)] if "tuple" in str(fields[name].annotation) else str(identity)
            elif fields[name].is_required():
                body[name] = str(HERS[kind])
            else:
                body.pop(name, None)
        return body


def guarded(command: type[Command]) -> list[tuple[str, type[Aggregate]]]:
    return [(name, kind) for name, kind in stream_fields(command) if kind in HERS]


FIELDS = [
    Field(name, field, kind)
    for name, command in sorted(COMMANDS.items())
    if any(may_ask(command, role, WHOLE_GRANT) for role in BOUNDED)
    for field, kind in guarded(command)
]
MORE = {
    Field("register-client", "organisation_id", Client): {"kind": "person", "tax_id": None},
}


def _setting_up() -> list[Command]:
    numbers = count(10)

    def enters(client_id: UUID, kind: ClientKind = ClientKind.ORGANISATION) -> client.RegisterClient:
        phone = ContactPointGiven(kind=ContactKind.PHONE, value=f"+7 922 325-12-{next(numbers)}")
        return client.RegisterClient(client_id=client_id, kind=kind, name="Romashka", contact_points=(phone,))

    def plans(activity_id: UUID, staff_id: UUID, client_id: UUID, *others: UUID) -> activity.PlanActivity:
        return activity.PlanActivity(
            activity_id=activity_id,
            channel=Channel.CALL,
            staff_id=staff_id,
            client_id=client_id,
            topic="x",
            due_at=TODAY,
            participant_client_ids=others,
        )

    return [
        *(
            staff.HireStaff(staff_id=each, name=name, role=StaffRole.SELLER)
            for each, name in ((ANNA, "Anna"), (BORIS, "Boris"))
        ),
        staff.HireStaff(staff_id=VERA, name="Vera", role=StaffRole.HEAD),
        example_of(pipeline.DefinePipeline),
        example_of(product.ListProduct),
        *map(enters, (LUTIK, ROMASHKA, HOLDING, HIS_OLD, HER_NEXT)),
        enters(OLGA, ClientKind.PERSON),
        affiliation.AffiliatePerson(client_id=OLGA, organisation_id=ROMASHKA, role=AffiliationRole.BUYER),
        *(
            deal.OpenDeal(deal_id=each, client_id=whose, seller_id=seller, pipeline_id=ROAD)
            for each, whose, seller in ((OTHER_SALE, LUTIK, ANNA), (SALE, ROMASHKA, BORIS))
        ),
        ownership.ClaimClient(client_id=HIS_OLD, seller_id=BORIS),
        client.ArchiveClient(client_id=HIS_OLD, reason="closed down"),
        ownership.ClaimClient(client_id=HER_NEXT, seller_id=ANNA),
        plans(HER_PLAN, ANNA, LUTIK),
        plans(HIS_PLAN, BORIS, ROMASHKA),
        plans(HER_MEETING, ANNA, LUTIK, ROMASHKA),
    ]


class Door:
    """The door for commands, before which somebody stands who sees what is of some people."""

    def __init__(self, database: Database, folder: Path) -> None:
        urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
        self.database = database
        self.side = WriteSide(urls, Settings(var=folder, _env_file=None), MASTER, with_policies=False)
        self.actor, self.people, self.granted = Actor(str(ANNA), "seller"), frozenset({ANNA}), WHOLE_GRANT
        execute, note = self.side.executor.execute, self.side.refusals.note
        routes = command_routes(
            execute, self._who, MASTER.keyed_hash, problem_of_item, note, lambda *_: None, self._standing
        )
        self._app = create_app(Parts(first_routes=routes))

    async def _who(self, _: object) -> Actor:
        return self.actor

    async def _standing(self, _: Actor) -> Standing:
        return Standing(self.granted, Sight(self.people, self.people, self.people))

    def sends(self, path: str, body: Any, **headers: str) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:
                return await caller.post(path, json=body, headers=headers)

        return asyncio.run(go())

    def asks(self, command: str, **body: Any) -> httpx.Response:
        return self.sends(f"/commands/{command}", body)

    def ways(self, command: str, body: Any) -> list[httpx.Response]:
        """Ask in every way there is."""
        path, item = f"/commands/{command}", {"command": command, "data": body}
        return [
            self.sends(path, body),
            self.sends(path, body, **{"If-Match": '"1"'}),
            self.sends(path, body, **{"Idempotency-Key": str(uuid4())}),
            self.sends(path, body, **{"If-Match": '"7"', "Idempotency-Key": str(uuid4()), "Accept-Language": "ru"}),
            self.sends("/commands", {"commands": [item]}),
            self.sends("/commands", {"commands": [{**item, "idempotency_key": str(uuid4())}]}),
            self.sends("/commands", {"commands": [item], "atomic": True}),
        ]

    def by_system(self, *commands: Command) -> None:
        asked = [Request.of(each, ADMIN, MASTER.keyed_hash) for each in commands]
        for each, answer in zip(commands, self.side.carry_out(asked), strict=True):
            assert isinstance(answer, Accepted), (each, answer)


@pytest.fixture(scope="module")
def opened(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with copy_of(cluster, template) as database:
        door = Door(database, tmp_path_factory.mktemp("door"))
        door.side.start()
        try:
            for each in _setting_up():
                door.by_system(each)
            yield door
        finally:
            door.side.stop()


@pytest.fixture
def door(opened: Door) -> Door:
    opened.actor, opened.people, opened.granted = Actor(str(ANNA), "seller"), frozenset({ANNA}), WHOLE_GRANT
    return opened


def said(answer: httpx.Response, identity: UUID) -> tuple[int, bytes, dict[str, str]]:
    """Return an answer, whichever id was named."""
    return answer.status_code, answer.content.replace(str(identity).encode(), b"<id>"), dict(answer.headers)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.command} {field.name}")
def test_what_one_does_not_see_is_told_as_what_there_is_not(door: Door, field: Field) -> None:
    if not may_ask(COMMANDS[field.command], "seller", door.granted):
        door.actor = Actor(str(VERA), "head")
    his = HIS[field.kind]
    if field.command == "claim-client":
        return
    told = [said(each, his) for each in door.ways(field.command, field.body(his))]
    if door.asks(field.command, **field.body(fresh := uuid4())).status_code == httpx.codes.OK:
        # To make something under an id that is taken: nothing more is told than of what one sees.
        hers = HERS[field.kind]
        assert told == [said(each, hers) for each in door.ways(field.command, field.body(hers))]
        assert b'"already-exists"' in told[0][1]
        return
    assert told == [said(each, fresh) for each in door.ways(field.command, field.body(fresh))]
    assert {status for status, _, _ in told[:4]} == {404}
    for _, body, _ in told:
        # It is this field that the refusal is about.
        assert b'"not-found"' in body
        assert b"<id>" in body
        assert b'"version"' not in body
    assert not any("etag" in headers for _, _, headers in told)


def test_only_these_commands_may_name_a_client_whom_one_was_told_of() -> None:
    named = {name: set(example_of(command).known_by_id()) for name, command in COMMANDS.items()}
    assert {name: fields for name, fields in named.items() if fields} == TOLD_OF


def test_who_claims_a_client_of_somebody_unseen_is_told_whose_it_is_and_no_more(door: Door) -> None:
    for told in door.ways("claim-client", {"client_id": str(ROMASHKA)})[:4]:
        assert (told.status_code, told.json()["code"], told.json()["owner_name"]) == (409, "client-owned", "Boris")
        assert "Romashka" not in told.text
        assert told.json().keys() & {"version", "position", "name"} == set()
        assert "etag" not in told.headers
    # Nor is a version told to who claims it for whose it is.
    door.actor = Actor(str(VERA), "head")
    for_him = {"seller_id": str(BORIS)}
    his, absent = (said(door.asks("claim-client", client_id=str(each), **for_him), each) for each in (ROMASHKA, ABSENT))
    assert his == absent
    assert his[0] == 404


def test_contact_that_comes_in_is_recorded_of_whichever_client(door: Door) -> None:
    call = {"channel": "call", "direction": "inbound", "call_status": "finished", "topic": "Delivery"}
    for field, each in (("client_id", ROMASHKA), ("contact_id", OLGA)):
        told = door.asks("record-activity", **call, **{field: str(each)})
        assert (told.status_code, told.json()["version"]) == (200, 1)
        assert told.json()["stream_id"] != str(each)
        # What she took is hers, and with whom it was goes on to be unknown to her.
        assert door.asks("note-activity", activity_id=told.json()["stream_id"], text="x").status_code == 200
        assert door.asks("note-client", client_id=str(each), text="x").status_code == 404
        assert door.asks("record-activity", **call, **{field: str(ABSENT)}).status_code == 404
        assert door.asks("record-activity", **{**call, "direction": "outbound", field: str(each)}).status_code == 404
    assert door.asks("record-activity", **call, client_id=str(ROMASHKA), deal_id=str(SALE)).status_code == 404


def test_whose_card_is_put_away_nobody_is_told_of(door: Door) -> None:
    asked = ({"client_id": str(HIS_OLD)}, {"client_id": str(ABSENT)})
    assert [door.asks("claim-client", **each).status_code for each in asked] == [404, 404]
    call = {"channel": "call", "direction": "inbound", "call_status": "finished"}
    assert [door.asks("record-activity", **call, **each).status_code for each in asked] == [404, 404]


def test_who_takes_part_already_stays_in_what_is_corrected(door: Door) -> None:
    of_it = {"activity_id": str(HER_MEETING), "duration_minutes": 30, "place": None}
    assert door.asks("correct-activity", **of_it, participant_client_ids=[str(ROMASHKA)]).status_code == 200
    assert door.asks("correct-activity", **of_it, participant_client_ids=[str(OLGA)]).status_code == 404


def test_who_gives_a_client_out_of_their_sight_is_told_of_that_and_again_when_they_repeat_it(door: Door) -> None:
    door.actor = Actor(str(VERA), "head")
    body, key = {"client_id": str(HER_NEXT), "to_seller_id": str(BORIS), "reason": "x"}, {"Idempotency-Key": "once"}
    first = door.sends("/commands/transfer-client", body, **key)
    assert (first.status_code, first.json()["replayed"], first.json()["position"] > 0) == (200, False, True)
    again = door.sends("/commands/transfer-client", body, **key)
    assert (again.status_code, again.json()) == (200, {**first.json(), "replayed": True})
    other = door.sends("/commands/transfer-client", {**body, "reason": "y"}, **key)
    assert other.json()["code"] == "idempotency-key-reused"
    assert other.json().keys() & {"version", "position"} == set()
    anew = door.sends("/commands/transfer-client", body)
    assert (anew.status_code, anew.json()["code"]) == (404, "not-found")


def test_in_one_batch_one_sees_what_one_has_just_made_and_not_what_one_has_just_given_away(door: Door) -> None:
    made, opened = str(uuid4()), str(uuid4())
    enter = {"client_id": made, "kind": "organisation", "name": "New", "contact_points": [EMAIL_OF_NEW]}
    batch = [
        ("register-client", enter),
        ("note-client", {"client_id": made, "text": "x"}),
        ("open-deal", {"deal_id": opened, "client_id": made, "pipeline_id": str(ROAD)}),
        ("note-deal", {"deal_id": opened, "text": "x"}),
        ("transfer-client", {"client_id": made, "to_seller_id": str(BORIS), "reason": "x"}),
        ("note-client", {"client_id": made, "text": "y"}),
        ("note-deal", {"deal_id": opened, "text": "y"}),
    ]
    commands = [{"command": name, "data": data} for name, data in batch]
    atomic = door.sends("/commands", {"commands": commands, "atomic": True})
    assert (atomic.status_code, atomic.json()["index"]) == (409, 5)
    told = door.sends("/commands", {"commands": commands}).json()["results"]
    assert [each["status"] for each in told] == [200] * 5 + [404, 200]


def test_programs_and_operators_of_the_service_act_on_what_they_were_given_the_id_of(door: Door) -> None:
    door.people, door.granted = frozenset(), NOTHING
    door.actor = Actor("key:shop", "integration")
    assert door.asks("note-client", client_id=str(ROMASHKA), text="x").status_code == 200
    door.actor = Actor("nightly", "ops")
    body = example_body("import-activity")
    body |= {"activity_id": str(uuid4()), "client_id": str(ROMASHKA), "occurred_at": "2020-01-01T00:00:00Z"}
    assert door.asks("import-activity", **body).status_code == 200
    # A seller of whom nobody knows sees nothing, not even what is nobody's.
    door.actor = Actor("somebody", "seller")
    assert door.asks("note-client", client_id=str(HOLDING), text="x").status_code == 404


def test_who_tried_to_act_on_what_is_not_there_for_them_is_on_record(door: Door) -> None:
    """Whether it is out of sight or unknown: to record it takes work, which their next answer would tell of."""
    tried = "SELECT stream_id FROM letopis.refusal WHERE actor = %s AND code = 'not-found'"
    door.actor = Actor(str(uuid4()), "seller")
    for each in (ROMASHKA, ABSENT):
        assert door.asks("note-client", client_id=str(each), text="x").status_code == 404
    end, found = time.monotonic() + 20, set[Any]()
    with psycopg.connect(door.database.owner_url, autocommit=True) as log:
        while len(found) < 2 and time.monotonic() < end:
            found = {stream for (stream,) in log.execute(tried, (door.actor.id,))}
            time.sleep(0.05)
    assert found == {ROMASHKA, ABSENT}
