"""What is told of two clients who turned out to be one, wherever it is asked; and of the time before."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from commands.activity import RecordActivity
from commands.affiliation import AffiliatePerson
from commands.base import Actor, Command
from commands.client import ImportClient, RegisterClient
from commands.client_merge import MergeClients, UnmergeClients
from commands.contact_point import ContactPointGiven, RemoveContactPoint
from commands.deal import OpenDeal
from commands.deal_import import ImportDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.note import NoteClient
from commands.ownership import ClaimClient
from commands.pipeline import DefinePipeline
from commands.portal_login import BindPortalLogin
from commands.staff import HireStaff
from events.client_merge import MergeSide
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    ClientKind,
    ContactKind,
    Direction,
    Money,
    OwnershipCause,
    PortalRole,
    StaffRole,
)
from infra.log.ids import new_id
from infra.postgres.embedded import EmbeddedPostgres
from projections.analytics.reports import DERIVED
from replay.past.history import history_of
from replay.past.merged import answering, everybody
from replay.past.signals import signal_page
from tests.database import MASTER, copy_of
from tests.read_api.office import Office, open_office
from tests.system.chances import BEGINNING, IMPORTS, ROADS, STAFF, STAGES
from tests.system.company import Company, company
from tests.system.histories import ADMIN
from tests.system.merged_company import made

ANNA, BORIS = STAFF[:2]
OLGA, OLGA_TOO, ROMASHKA, LUTIK, ROMASHKA_TOO, FIAT = (made("told", number) for number in range(6))
DAY = timedelta(days=1)


class World:
    """A company that is told things, one a day, and asked."""

    def __init__(self, one: Company, office: Office) -> None:
        self.one = one
        self.office = office
        self.days = 0

    def says(self, *commands: Command, actor: Actor = ADMIN) -> list[Any]:
        answers = []
        for command in commands:
            self.days += 1
            at = BEGINNING + self.days * DAY
            request = Request.of(command, actor, MASTER.keyed_hash, command_id=new_id(), received_at=at)
            answers += self.one.runner.run([request])
        self.one.catch_up()
        return answers

    def does(self, *commands: Command) -> None:
        answers = self.says(*commands)
        assert [answer for answer in answers if not isinstance(answer, Accepted)] == []

    def asks(self, path: str, role: str = "admin", staff: UUID = ANNA, status: int = 200) -> Any:
        answer = self.office.get(path, role=role, staff=staff)
        assert answer.status_code == status, answer.text
        return answer.json()

    def now(self) -> str:
        with psycopg.connect(self.one.database.owner_url) as connection:
            [(moment,)] = connection.execute("SELECT clock_timestamp()").fetchall()
        return str(moment.astimezone(UTC).isoformat()).replace("+00:00", "Z")


def _entered(client_id: UUID, kind: ClientKind, name: str, email: str) -> RegisterClient:
    point = ContactPointGiven(kind=ContactKind.EMAIL, value=email)
    return RegisterClient(client_id=client_id, kind=kind, name=name, contact_points=(point,))


def _acts(person: UUID, organisation: UUID) -> AffiliatePerson:
    return AffiliatePerson(client_id=person, organisation_id=organisation, role=AffiliationRole.BUYER)


def _called(client_id: UUID | None, contact_id: UUID | None = None) -> RecordActivity:
    return RecordActivity(
        channel=Channel.CALL,
        direction=Direction.INBOUND,
        call_status=CallStatus.FINISHED,
        staff_id=ANNA,
        client_id=client_id,
        contact_id=contact_id,
        topic="Scales",
    )


@pytest.fixture
def world(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with (
        copy_of(cluster, template) as database,
        company(database, tmp_path_factory.mktemp("told")) as one,
        open_office(database, one.analytics, timeout=30.0) as office,
    ):
        told = World(one, office)
        told.does(
            HireStaff(staff_id=ANNA, name="Anna", role=StaffRole.SELLER),
            HireStaff(staff_id=BORIS, name="Boris", role=StaffRole.SELLER),
            DefinePipeline(pipeline_id=ROADS[0], name="Road", stages=STAGES),
            _entered(OLGA, ClientKind.PERSON, "Olga", "olga@told.example"),
            _entered(OLGA_TOO, ClientKind.PERSON, "Ольга Ковалёва", "kovaleva@told.example"),
            _entered(ROMASHKA, ClientKind.ORGANISATION, "Romashka", "r@told.example"),
            _entered(LUTIK, ClientKind.ORGANISATION, "Lutik", "l@told.example"),
            _entered(ROMASHKA_TOO, ClientKind.ORGANISATION, "Romashka Ltd", "rr@told.example"),
            _acts(OLGA, ROMASHKA),
            _acts(OLGA, LUTIK),
            _acts(OLGA_TOO, ROMASHKA_TOO),
            _called(ROMASHKA, OLGA),
            _called(ROMASHKA_TOO, OLGA_TOO),
            _called(OLGA_TOO, OLGA),
            NoteClient(client_id=OLGA_TOO, text="Speaks English"),
        )
        yield told


MERGE = MergeClients(survivor_id=OLGA, merged_id=OLGA_TOO, reason="one woman")
UNMERGE = UnmergeClients(survivor_id=OLGA, merged_id=OLGA_TOO, reason="two sisters")


def test_whoever_they_act_for_is_on_the_card_each_once(world: World) -> None:
    world.does(MERGE)
    card = world.asks(f"/clients/{OLGA_TOO}")
    assert {each["client_id"] for each in card["organisations"]} == {str(ROMASHKA), str(LUTIK), str(ROMASHKA_TOO)}
    world.does(MergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA_TOO, reason="one shop"))
    card = world.asks(f"/clients/{OLGA}")
    assert [each["name"] for each in card["organisations"]] == ["Romashka", "Lutik"]
    shop = world.asks(f"/clients/{ROMASHKA_TOO}")
    assert [(each["client_id"], each["name"]) for each in shop["contact_persons"]] == [(str(OLGA), "Olga")]


def test_a_touch_of_both_is_one_touch(world: World) -> None:
    before = [world.asks(f"/clients/{each}")["touch_count"] for each in (OLGA, OLGA_TOO)]
    world.does(MERGE)
    card = world.asks(f"/clients/{OLGA}")
    # The call with the one, as whose contact person the other was noted, was counted for each of them.
    assert card["touch_count"] == sum(before) - 1 == world.asks(f"/activities?client={OLGA_TOO}&count=true")["count"]


def test_the_list_and_the_search_have_one_row_found_by_either(world: World) -> None:
    world.does(MERGE)
    for found in ("/clients?q=ковалева", "/clients?q=olga", f"/clients?ids={OLGA_TOO}"):
        items = world.asks(found)["items"]
        assert [(each["client_id"], each["name"]) for each in items] == [(str(OLGA), "Olga")], found
    looked_for = {"email": "kovaleva@told.example"}
    answer = world.office.send("POST", "/clients/search", role="admin", json=looked_for).json()
    assert [each["client_id"] for each in answer["items"]] == [str(OLGA)]


def test_an_old_id_answers_with_who_it_turned_out_to_be(world: World) -> None:
    world.does(MERGE)
    for path in ("", "/timeline", "/notes", "/ownership"):
        assert world.asks(f"/clients/{OLGA_TOO}{path}") == world.asks(f"/clients/{OLGA}{path}"), path
    [merged] = world.asks(f"/clients/{OLGA_TOO}")["merged"]
    assert (merged["client_id"], merged["name"], merged["reason"]) == (str(OLGA_TOO), "Ольга Ковалёва", "one woman")


def test_before_the_merge_there_were_two_and_after_it_one(world: World) -> None:
    before, occurred = world.now(), (BEGINNING + world.days * DAY).isoformat().replace("+00:00", "Z")
    world.does(MERGE)
    merged, merged_on = world.now(), (BEGINNING + world.days * DAY).isoformat().replace("+00:00", "Z")
    world.does(UNMERGE)
    for then, together in ((before, merged), (f"occurred:{occurred}", f"occurred:{merged_on}")):
        assert world.asks(f"/clients/{OLGA_TOO}?as_of={then}")["client_id"] == str(OLGA_TOO)
        assert len(world.asks(f"/clients?as_of={then}")["items"]) == 5
        card = world.asks(f"/clients/{OLGA_TOO}?as_of={together}")
        assert (card["client_id"], len(card["contact_points"])) == (str(OLGA), 2)
        assert len(world.asks(f"/clients?as_of={together}")["items"]) == 4
        told = world.asks(f"/clients/{OLGA}/timeline?as_of={together}")["items"]
        assert "client.noted" in {each["topic"] for each in told}
        assert world.asks(f"/clients/{OLGA}/notes?as_of={together}")["items"]
    assert world.asks(f"/clients/{OLGA_TOO}")["client_id"] == str(OLGA_TOO)
    changes = world.asks(f"/clients/{OLGA_TOO}/changes")["items"]
    assert [each["changes"]["client_id"] for each in changes if "client_id" in each["changes"]][1:] == [
        {"old": str(OLGA_TOO), "new": str(OLGA)},
        {"old": str(OLGA), "new": str(OLGA_TOO)},
    ]


def test_the_auditor_reads_all_facts_of_both_each_once(world: World) -> None:
    with psycopg.connect(world.one.database.projector_url) as log:
        apart = {entry.position for each in (OLGA, OLGA_TOO) for entry in history_of(log, world.one.decode, each)}
        world.does(MERGE)
        for each in (OLGA, OLGA_TOO):
            told = [entry.position for entry in history_of(log, world.one.decode, each)]
            assert told == sorted(set(told))
            assert apart < set(told)
        assert (answering(log, OLGA_TOO), set(everybody(log, OLGA))) == (OLGA, {OLGA, OLGA_TOO})
        world.does(UNMERGE)
        assert (answering(log, OLGA_TOO), everybody(log, OLGA)) == (OLGA_TOO, [OLGA])


def test_whoever_registers_the_same_phone_hears_of_who_answers(world: World) -> None:
    world.does(MERGE)
    [refused] = world.says(_entered(FIAT, ClientKind.PERSON, "Olga", "kovaleva@told.example"))
    assert refused.facts["candidates"] == [OLGA]


def test_what_a_third_client_got_meanwhile_is_a_choice(world: World) -> None:
    mail = ContactPointGiven(kind=ContactKind.EMAIL, value="kovaleva@told.example")
    world.does(MERGE, RemoveContactPoint(client_id=OLGA, point=mail, reason="a slip"))
    world.does(_entered(FIAT, ClientKind.PERSON, "Ольга третья", "kovaleva@told.example"))
    [refused] = world.says(UNMERGE)
    assert refused.facts["candidates"] == [FIAT]
    world.does(UNMERGE.model_copy(update={"allow_duplicate": True, "duplicate_reason": "it is hers as well"}))
    assert [each["value"] for each in world.asks(f"/clients/{OLGA_TOO}")["contact_points"]] == [mail.value]


def test_old_records_of_the_old_id_are_with_who_answers(world: World) -> None:
    world.does(MergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA_TOO, reason="one shop"))
    deal = made("old deal", 1)
    world.does(
        ImportDeal(
            import_id=IMPORTS[0],
            deal_id=deal,
            client_id=ROMASHKA_TOO,
            seller_id=ANNA,
            pipeline_id=ROADS[0],
            engaged_at=BEGINNING,
            stage="offer",
            amount=Money(amount=Decimal(100), currency="RUB"),
            external_id="1C-1",
        )
    )
    for whose in (ROMASHKA, ROMASHKA_TOO):
        [shown] = world.asks(f"/deals?client={whose}")["items"]
        assert (shown["client_id"], shown["client_name"]) == (str(ROMASHKA), "Romashka")
    assert world.asks(f"/deals/{deal}?as_of={world.now()}")["client_name"] == "Romashka"
    [again] = world.says(
        ImportClient(import_id=IMPORTS[0], client_id=ROMASHKA_TOO, kind=ClientKind.ORGANISATION, name="x", source="x")
    )
    assert again.code == "already-exists"


def test_who_sees_the_survivor_sees_all_and_who_owned_the_other_sees_it_no_more(world: World) -> None:
    world.does(
        ClaimClient(client_id=ROMASHKA, seller_id=ANNA),
        ClaimClient(client_id=ROMASHKA_TOO, seller_id=BORIS),
        OpenDeal(deal_id=made("seen", 1), client_id=ROMASHKA_TOO, seller_id=BORIS, pipeline_id=ROADS[0]),
    )
    asked = MergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA_TOO, reason="one shop", owner_of=MergeSide.SURVIVOR)
    world.does(asked)
    for each in (ROMASHKA, ROMASHKA_TOO):
        assert world.asks(f"/clients/{each}", "seller", ANNA)["client_id"] == str(ROMASHKA)
        world.asks(f"/clients/{each}", "seller", BORIS, status=404)
        assert [one["deal_id"] for one in world.asks(f"/deals?client={each}", "seller", ANNA)["items"]] == [
            str(made("seen", 1))
        ]
        assert world.asks(f"/clients/{each}/timeline", "seller", ANNA)["items"]
    assert {one["name"] for one in world.asks("/clients", "seller", BORIS)["items"]} == {"Lutik"}
    held = {one["staff_id"]: one["clients"] for one in world.asks("/holdings")["items"]}
    assert (held[str(ANNA)], held[str(BORIS)]) == (1, 0)
    owners = world.asks(f"/clients/{ROMASHKA}/ownership")["items"]
    assert [one["to_owner_id"] for one in owners if one["until"] is None] == [str(ANNA)]


def test_the_owner_that_was_chosen_is_in_the_record_of_owners(world: World) -> None:
    world.does(
        ClaimClient(client_id=ROMASHKA, seller_id=ANNA),
        ClaimClient(client_id=ROMASHKA_TOO, seller_id=BORIS),
        MergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA_TOO, reason="one shop", owner_of=MergeSide.MERGED),
    )
    owners = world.asks(f"/clients/{ROMASHKA}/ownership")["items"]
    [now] = [one for one in owners if one["until"] is None]
    assert (now["to_owner_id"], now["cause"], now["from_owner_id"]) == (str(BORIS), OwnershipCause.MERGE, str(ANNA))
    assert world.asks(f"/staff/{BORIS}/counters?from=2025-01-01&to=2025-12-31")["clients_claimed"] == 1
    world.does(UnmergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA_TOO, reason="two shops"))
    [now] = [one for one in world.asks(f"/clients/{ROMASHKA}/ownership")["items"] if one["until"] is None]
    assert (now["to_owner_id"], now["cause"]) == (str(ANNA), OwnershipCause.UNMERGE)


def test_what_happens_with_the_one_is_told_to_whose_the_other_is(world: World) -> None:
    world.does(
        ClaimClient(client_id=ROMASHKA, seller_id=ANNA),
        MergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA_TOO, reason="one shop"),
    )
    world.does(
        RecordActivity(
            channel=Channel.CALL,
            direction=Direction.INBOUND,
            call_status=CallStatus.FINISHED,
            staff_id=BORIS,
            client_id=ROMASHKA_TOO,
            topic="x",
        )
    )
    with psycopg.connect(world.one.database.projector_url) as log:
        page = signal_page(log, after=0)
    assert {ANNA, BORIS} <= page.facts[-1].staff


def test_a_login_of_who_joined_is_of_who_answers(world: World) -> None:
    issuer = "https://login.example.org/realms/portal"
    world.does(
        BindPortalLogin(client_id=OLGA_TOO, role=PortalRole.CLIENT, issuer=issuer, subject="olga"),
        MERGE,
    )
    [login] = world.asks(f"/logins?client={OLGA}")["items"]
    assert login["client_id"] == str(OLGA)


def test_a_preview_shows_both_and_what_is_to_be_chosen(world: World) -> None:
    world.does(
        ClaimClient(client_id=ROMASHKA, seller_id=ANNA),
        ClaimClient(client_id=ROMASHKA_TOO, seller_id=BORIS),
    )
    preview = world.asks(f"/clients/{ROMASHKA}/merge-preview/{ROMASHKA_TOO}")
    assert {each["field"]: each["is_needed"] for each in preview["choices"]} == {"name": False, "owner": True}
    assert preview["comes_along"] == {"deals": 0, "activities": 1, "notes": 0}
    assert preview["hindrances"] == []
    assert world.asks(f"/clients/{ROMASHKA}/merge-preview/{OLGA}")["hindrances"] == ["clients-are-of-two-kinds"]
    assert world.asks(f"/clients/{ROMASHKA}/merge-preview/{ROMASHKA}")["hindrances"] == ["client-is-merged"]
    assert world.asks(f"/clients/{ROMASHKA}/merge-preview/{made('nobody', 1)}", status=404)["code"] == "not-found"


def test_analysts_count_them_as_one(world: World) -> None:
    world.does(MERGE)
    with world.one.analytics._reading() as file, file.cursor() as cursor:  # as the tests of company.py do
        [(clients,)] = cursor.execute(f"SELECT count(DISTINCT survivor_id) FROM ({DERIVED['dim_client']})").fetchall()
    assert clients == 4
