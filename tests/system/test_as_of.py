"""As of a past moment is what was really answered then, and what would be if the facts after it had never been."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from commands import (
    activity,
    affiliation,
    api_key,
    branch,
    client,
    client_date,
    client_field,
    client_file,
    client_permission,
    client_relation,
    client_tag,
    contact_point,
    custom_field,
    data_notice,
    deal,
    deal_forecast,
    login,
    note,
    ownership,
    plan,
    portal_login,
    price_book,
    price_ladder,
    product,
    staff,
    tax_rate,
)
from commands.execution.pending import Accepted
from events.client_date import ClientDateKind
from events.client_relation import RelationKind
from events.custom_field import CustomFieldType
from events.examples import DIGEST, PROVIDER, example_of
from events.ids import branch_named, plan_of
from events.labels import GivenLabels
from events.permission import PermissionChannel, PermissionPurpose
from events.plan import Metric
from events.price_book import TaxMode
from events.values import Channel, ClientKind, ContactKind, Direction, Lifecycle, Money, PortalRole, StaffRole
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import Database, copy_of
from tests.read_api.office import Office, open_office
from tests.system.asked import SAMPLES, WHOLE, Query, everything
from tests.system.chances import (
    ACTIVITIES,
    BEGINNING,
    BUYER,
    CLIENTS,
    CODES,
    DEALS,
    NINA,
    OFFER,
    OLEG,
    PLAN,
    RECEIVED,
    ROADS,
    SALE,
    SHOP,
    SHUT,
    SOLD,
    STAFF,
)
from tests.system.company import Company, company
from tests.system.histories import ADMIN, Asked, histories, request

ASKED = (*everything(), Query("get_report", f"/analytics/monthly_sales?by_product=true&seller_id={STAFF[2]}"))
"""Everything that can be asked as of a moment."""

BOARD = f"/pipeline?pipeline={ROADS[1]}&{WHOLE}"

COPIED = ("letopis.event", "letopis.event_party", "letopis.subject_key")

STEP = timedelta(days=50)
"""From one batch of commands to the next; what they say of other days lies before and after."""

EARLY, MIDDLE, LATE = BEGINNING + STEP / 2, BEGINNING + 3 * STEP, BEGINNING + 4 * STEP

OPEN_DEALS, NINAS, KEYS = (UUID(int=1), UUID(int=2)), UUID(int=3), (UUID(int=4), UUID(int=5))
"""What chance knows nothing of: deals, so that a board has always more than one, and each road one of Nina's; keys."""
JULY = (date(2025, 7, 1), date(2025, 7, 31))
NOW = tuple(datetime.now(UTC).date() + timedelta(days=each) for each in (-30, 30))
"""A period that counts whenever this is asked."""
SHUT_BOOK, BOOK = UUID(int=6), SAMPLES["price_book_id"][1]
CALLS = plan.GivenTarget(metric=Metric.CALLS, count=2)

SHOWN: tuple[Asked, ...] = (
    Asked(
        staff.HireStaff(
            staff_id=NINA, name="Nina", role=StaffRole.SELLER, team="Romashka", branch="Romashka", head_id=STAFF[4]
        ),
        ADMIN,
    ),
    Asked(staff.HireStaff(staff_id=OLEG, name="Oleg", role=StaffRole.SELLER), ADMIN),
    Asked(staff.DepartStaff(staff_id=OLEG, successor_id=NINA), ADMIN),
    *(Asked(login.BindLogin(staff_id=NINA, issuer=PROVIDER, subject=name), ADMIN) for name in ("nina", "nina.k")),
    *(
        Asked(api_key.IssueApiKey(api_key_id=each, name="Shop", questions=("get_me",), secret_sha256=DIGEST), ADMIN)
        for each in KEYS
    ),
    Asked(api_key.RevokeApiKey(api_key_id=KEYS[1], reason="replaced"), ADMIN),
    *(
        Asked(
            client.RegisterClient(
                client_id=each,
                kind=kind,
                name="Romashka",
                contact_points=(contact_point.ContactPointGiven(kind=ContactKind.EMAIL, value=email),),
            ),
            ADMIN,
        )
        for each, kind, email in (
            (SHOP, ClientKind.ORGANISATION, "a@b.example"),
            (BUYER, ClientKind.PERSON, "buyer@shown.example"),
            (SHUT, ClientKind.PERSON, "shut@shown.example"),
        )
    ),
    # The first letter is a Latin one.
    Asked(client.RenameClient(client_id=SHUT, name="Pомашка"), ADMIN),
    Asked(client.ArchiveClient(client_id=SHUT, reason="shut down"), ADMIN),
    *(
        Asked(
            portal_login.BindPortalLogin(client_id=each, role=PortalRole.CLIENT, issuer=PROVIDER, subject=str(each)),
            ADMIN,
        )
        for each in (SHOP, CLIENTS[0])
    ),
    Asked(data_notice.GiveDataNotice(client_id=SHOP, text_version="2026-06", channel=Channel.EMAIL), ADMIN),
    Asked(
        client_permission.RecordConsent(
            client_id=SHOP,
            addressed_by=PermissionChannel.EMAIL,
            purpose=PermissionPurpose.NEWS,
            text_version="2026-06",
            source="web form",
            evidence="ticked",
        ),
        ADMIN,
    ),
    Asked(client_date.NoteClientDate(client_id=SHOP, kind=ClientDateKind.FOUNDED, month=2, day=29, year=1996), ADMIN),
    Asked(client_relation.RelateClients(client_id=SHOP, other_id=BUYER, kind=RelationKind.PARTNER), ADMIN),
    *(
        Asked(
            example_of(client_file.AddClientFile).model_copy(
                update={"client_id": CLIENTS[0], "file_id": UUID(int=number), "stored": f"{number:064x}"}
            ),
            ADMIN,
        )
        for number in (1, 2, 3)
    ),
    Asked(client_tag.TagClient(client_id=SHOP, tag="VIP"), ADMIN),
    *(
        Asked(
            custom_field.DefineCustomField(
                code=code, type=CustomFieldType.NUMBER, labels=GivenLabels(en="Shops", ru="Магазинов")
            ),
            ADMIN,
        )
        for code in ("shown", "dropped")
    ),
    Asked(custom_field.RetireCustomField(code="dropped"), ADMIN),
    *(Asked(client_field.SetClientField(client_id=SHOP, code="shown", value=each), ADMIN) for each in ("9", "10")),
    *(Asked(staff.MoveStaff(staff_id=STAFF[2], team=team, branch="Romashka"), ADMIN) for team in ("Romashka", "Lutik")),
    *(Asked(plan.AgreePlan(begins_on=first, ends_on=last, targets=(CALLS,)), ADMIN) for first, last in (JULY, NOW)),
    Asked(plan.WithdrawPlan(plan_id=plan_of(None, *JULY), reason="by mistake"), ADMIN),
    Asked(branch.OpenBranch(name="Shut"), ADMIN),
    Asked(branch.CloseBranch(branch_id=branch_named("Shut"), reason="shut down"), ADMIN),
    Asked(price_book.OpenPriceBook(book_id=SHUT_BOOK, name="Shut", currency="USD", tax_mode=TaxMode.INCLUDED), ADMIN),
    Asked(price_book.ClosePriceBook(book_id=SHUT_BOOK), ADMIN),
    Asked(product.ListProduct(code="shown", name="Shown"), ADMIN),
    *(
        Asked(tax_rate.AdoptTaxRate(code=code, percent=Decimal(20), from_day=date(2019, 1, 1)), ADMIN)
        for code in ("shown", "dropped")
    ),
    Asked(price_book.OpenPriceBook(book_id=BOOK, name="Shown", currency="USD", tax_mode=TaxMode.ADDED), ADMIN),
    *(
        Asked(
            price_ladder.ListPrice(
                book_id=BOOK,
                product_code=code,
                from_day=date(2026, 1, 1),
                tiers=(price_ladder.TierGiven(price=Money(amount=Decimal(9), currency="USD")),),
            ),
            ADMIN,
        )
        for code in (CODES[0], "shown")
    ),
    Asked(price_book.PublishPriceBook(book_id=BOOK, edition=1, takes_effect_on=date(2026, 1, 1)), ADMIN),
    Asked(product.WithdrawProduct(code="shown"), ADMIN),
    Asked(ownership.ClaimClient(client_id=SHOP, seller_id=NINA), ADMIN),
    Asked(client.AdvanceLifecycle(client_id=SHOP, to_state=Lifecycle.CONTACTED), ADMIN),
    Asked(
        deal.OpenDeal(
            deal_id=SALE,
            client_id=SHOP,
            seller_id=NINA,
            pipeline_id=ROADS[0],
            stage="contract",
            product_code=CODES[0],
            amount=Money(amount=Decimal(100), currency="USD"),
        ),
        ADMIN,
    ),
    Asked(deal.OpenDeal(deal_id=SOLD, seller_id=NINA, pipeline_id=ROADS[0]), ADMIN),
    Asked(deal.WinDeal(deal_id=SOLD, amount=Money(amount=Decimal(5), currency="USD")), ADMIN),
    Asked(
        activity.PlanActivity(
            activity_id=PLAN,
            channel=Channel.CALL,
            staff_id=NINA,
            client_id=SHOP,
            contact_id=BUYER,
            deal_id=SALE,
            topic="Scales",
            due_at=RECEIVED,
            participant_staff_ids=(STAFF[1],),
        ),
        ADMIN,
    ),
    Asked(
        activity.RecordActivity(
            activity_id=OFFER,
            channel=Channel.CALL,
            direction=Direction.OUTBOUND,
            staff_id=NINA,
            client_id=SHOP,
            is_offer=True,
        ),
        ADMIN,
    ),
)
"""What chance seldom brings about, and every filter lets something of it through."""

DATED_BACK: list[Asked] = [
    *SHOWN,
    Asked(deal.MoveDeal(deal_id=DEALS[0], to_stage="contract", occurred_at=EARLY), ADMIN),
    Asked(affiliation.DeclareSubsidiary(client_id=CLIENTS[3], parent_id=CLIENTS[1]), ADMIN),
    Asked(deal.MoveDeal(deal_id=DEALS[2], to_stage="contract", occurred_at=LATE), ADMIN),
    *(
        Asked(deal_forecast.ExpectClosing(deal_id=each, day=day), ADMIN)
        for each, day in ((DEALS[0], date(2026, 4, 30)), (DEALS[2], date(2026, 4, 29)))
    ),
    Asked(deal.WinDeal(deal_id=DEALS[1], occurred_at=EARLY), ADMIN),
    Asked(deal.LoseDeal(deal_id=DEALS[3], reason="too dear", occurred_at=EARLY), ADMIN),
    Asked(
        ownership.TransferClient(client_id=CLIENTS[0], to_seller_id=STAFF[2], reason="leave", occurred_at=EARLY), ADMIN
    ),
    Asked(
        activity.RecordActivity(
            activity_id=ACTIVITIES[5],
            channel=Channel.CALL,
            direction=Direction.OUTBOUND,
            staff_id=STAFF[1],
            client_id=CLIENTS[3],
            topic="Scales",
            result="They think about it",
            occurred_at=EARLY,
        ),
        ADMIN,
    ),
    *(Asked(note.NoteClient(client_id=CLIENTS[0], text=text), ADMIN) for text in ("Call early", "Call late")),
    *(Asked(note.NoteDeal(deal_id=DEALS[0], text=text), ADMIN) for text in ("In May", "In June")),
    *(Asked(note.NoteActivity(activity_id=ACTIVITIES[5], text=text), ADMIN) for text in ("Ask again", "Asked twice")),
    *(Asked(deal.OpenDeal(deal_id=each, seller_id=STAFF[2], pipeline_id=ROADS[0]), ADMIN) for each in OPEN_DEALS),
    Asked(deal.OpenDeal(deal_id=NINAS, seller_id=NINA, pipeline_id=ROADS[1]), ADMIN),
]
"""What comes to be known after the first two batches; most of it happened before them, and one of it later."""

MANY = 30
"""Kinds of commands in a history that shows something; the first that chance makes up has few."""

MOMENTS = 20
"""Past moments at which the past is asked: after each batch of the history."""

SHOWN_AT = 2
"""The moment after the batch DATED_BACK, before chance has done anything."""

ALWAYS, TURNS = 2, 10
"""So many questions of each name are asked at every moment; each of the others at every tenth."""

Answers = dict[str, tuple[int, Any]]


class Snapshot(NamedTuple):
    """What was really answered at a moment, and how far the log was."""

    moment: str
    position: int
    answers: Answers


def asked_at(number: int) -> list[Query]:
    """Return what is asked at a moment: all of it when it is SHOWN, else some of every kind, and the others in turn."""
    if number == SHOWN_AT:
        return list(ASKED)
    seen: Counter[str] = Counter()
    chosen = []
    for place, query in enumerate(ASKED):
        seen[query.name] += 1
        if seen[query.name] <= ALWAYS or place % TURNS == number % TURNS:
            chosen.append(query)
    return chosen


def answers(office: Office, queries: Sequence[Query] = ASKED, as_of: str | None = None) -> Answers:
    """Ask, of the present or as of a moment."""
    return {_name(query): answer_to(office, query, as_of) for query in queries}


def _name(query: Query) -> str:
    return query.path if query.body is None else f"{query.path} {query.body}"


def answer_to(office: Office, query: Query, as_of: str | None) -> tuple[int, Any]:
    answer = query.of(office, as_of)
    assert answer.status_code in {200, 404}, f"{query} as of {as_of}: {answer.text}"
    body = answer.json()
    if body.get("next"):
        body["next"] = "a cursor"
    return answer.status_code, body


def now_of(database: Database) -> datetime:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return datetime.fromisoformat(row[0].astimezone(UTC).isoformat())


def lived(one: Company, office: Office, batches: list[list[Asked]]) -> list[Snapshot]:
    """Carry the batches out one by one; after each look at everything that can be seen."""
    taken = []
    for number, batch in enumerate(batches):
        answered = one.runner.run([request(asked, BEGINNING + number * STEP) for asked in batch])
        refused = [answer for answer in answered if not isinstance(answer, Accepted)]
        assert batch is not DATED_BACK or refused == []
        while one.follow(1_000):
            pass
        moment = now_of(one.database)
        office.clock.stop_at(moment)
        taken.append(Snapshot(moment.isoformat(), one.analytics.position, answers(office, asked_at(number))))
    return taken


@contextmanager
def without(
    cluster: EmbeddedPostgres, template: str, database: Database, hidden: str, values: tuple[Any, ...], folder: Path
) -> Iterator[Office]:
    """A copy of the log in which the facts under this condition never were, and its views and reports."""
    with copy_of(cluster, template) as copy:
        with psycopg.connect(database.owner_url) as source, psycopg.connect(copy.owner_url) as target:
            for table in COPIED:
                columns = f"COPY {table} TO STDOUT".encode(), f"COPY {table} FROM STDIN".encode()
                with source.cursor().copy(columns[0]) as read, target.cursor().copy(columns[1]) as write:
                    for block in read:
                        write.write(block)
            # Their places stay, with nothing in them that any reader knows.
            target.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
            target.execute(f"UPDATE letopis.event SET topic = 'test.hidden' WHERE {hidden}".encode(), values)
        with company(copy, folder) as one, open_office(copy, one.analytics) as office:
            office.clock.stop_at(MIDDLE)
            while one.follow(1_000):
                pass
            yield office


@settings(
    max_examples=1,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(batches=histories(batches=MOMENTS - 3))
def _in_this_history(
    batches: list[list[Asked]], cluster: EmbeddedPostgres, template: str, folders: pytest.TempPathFactory
) -> None:
    assume(len({type(asked.command) for batch in batches for asked in batch}) > MANY)
    with (
        copy_of(cluster, template) as database,
        company(database, folders.mktemp("made")) as one,
        open_office(database, one.analytics) as office,
    ):
        snapshots = lived(one, office, [*batches[:2], DATED_BACK, *batches[2:]])
        assert len(snapshots) == MOMENTS
        for number, (moment, position, taken) in enumerate(snapshots):
            assert answers(office, asked_at(number), moment) == taken
            head = Query("get_pipeline", BOARD).of(office, moment).headers
            assert head["letopis-position"] == str(position)
        check_that_all_is_seen(snapshots)
        check_pages(office, snapshots)
        check_occurred(cluster, template, office, snapshots[1], folders)


def check_that_all_is_seen(snapshots: list[Snapshot]) -> None:
    """Every question had more than one answer in this history, or the test would show nothing of it."""
    answered: dict[str, set[str]] = defaultdict(set)
    for query in ASKED:
        answered[query.name].update(repr(one.answers[_name(query)]) for one in snapshots if _name(query) in one.answers)
    assert {name for name, told in answered.items() if len(told) == 1} == set()
    lists = [(query, filtered) for query in ASKED if (filtered := _filter_of(query)) is not None]
    full = {path for one in snapshots for path, (_, body) in one.answers.items() if body.get("items")}
    let_through = {(query.name, filtered) for query, filtered in lists if _name(query) in full}
    assert {(query.name, filtered) for query, filtered in lists} - let_through == set()


def _filter_of(query: Query) -> str | None:
    """Return the one filter of a list that is asked with one: its name, and its value if that is one of a few."""
    given = parse_qs(query.path.partition("?")[2])
    names = set(given) - {"limit", "count"}
    names = names - {"currency"} or names
    if not query.is_list or len(names) != 1:
        return None
    [name] = names
    [value] = given[name]
    return f"{name}={value}" if value in {"true", "false"} or name == "sort" else name


def check_pages(office: Office, snapshots: list[Snapshot]) -> None:
    """A page of a list leads to the next one at its own moment, and at no other."""
    long: dict[str, list[tuple[Query, str, list[Any]]]] = defaultdict(list)
    lists = [query for query in ASKED if query.is_list]
    for query in lists:
        for moment, _, taken in snapshots:
            items = taken.get(_name(query), (0, {}))[1].get("items", [])
            if len(items) > 1 and len(long[query.name]) < ALWAYS:
                long[query.name].append((query, moment, items))
    assert {name for name, found in long.items() if found} == {query.name for query in lists}
    for query, moment, items in (one for found in long.values() for one in found):
        short = query._replace(path=query.path.replace("limit=200", f"limit={len(items) // 2}"))
        assert _paged(office, short, moment) == items, query
        cursor = short.of(office, moment).json()["next"]
        for other in (None, *{one.moment for one in snapshots[:2]} - {moment}):
            refused = short.of(office, other, f"cursor={cursor}")
            # What it is a list of may not have been there yet.
            if other is None or refused.status_code != 404:
                assert [error["code"] for error in refused.json()["errors"]] == ["wrong-cursor"]


def _paged(office: Office, query: Query, moment: str) -> list[Any]:
    items: list[Any] = []
    more = ""
    while True:
        page = query.of(office, moment, more).json()
        items += page["items"]
        if page["next"] is None:
            return items
        more = f"cursor={page['next']}"


def check_occurred(
    cluster: EmbeddedPostgres, template: str, office: Office, known: Snapshot, folders: pytest.TempPathFactory
) -> None:
    """What had happened by a moment is what there would be if nothing later had ever been recorded."""
    as_of, hidden = f"occurred:{MIDDLE.isoformat()}", "occurred_at > %s"
    with without(cluster, template, office.database, hidden, (MIDDLE,), folders.mktemp("occurred")) as copy:
        known_now = answers(copy)
        assert answers(office, as_of=as_of) == known_now
    as_of, hidden = f"{as_of},recorded:{known.moment}", f"{hidden} OR position > %s"
    with without(cluster, template, office.database, hidden, (MIDDLE, known.position), folders.mktemp("both")) as copy:
        known_then = answers(copy)
        assert answers(office, as_of=as_of) == known_then
    came_late = {path for path in known_now if known_then[path] != known_now[path]}
    assert came_late >= {f"/clients/{CLIENTS[3]}", f"/deals/{DEALS[1]}", BOARD, "/analytics/monthly_sales"}
    known_at_last = answers(office)
    came_later = {path for path in known_now if known_now[path] != known_at_last[path]}
    assert came_later >= {f"/deals/{DEALS[2]}", BOARD}


def test_as_of_is_what_was_seen_then(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _in_this_history(cluster=cluster, template=template, folders=tmp_path_factory)
