"""Somebody is told what an admin is told, less what they may not see, and may act on that: now, and of the past."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from aggregates.note import NoteIsUnknownError
from aggregates.right import DEFAULT_SCOPES, FIXED
from app.composition.rights import RightsOfRoles, standings
from commands import activity, client, ownership, staff, team
from commands.base import Actor
from commands.contact_point import ContactPointGiven
from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.note import EditNote
from commands.sight import OutOfSightError
from events.ids import team_named
from events.values import CallStatus, Channel, ClientKind, ContactKind, Direction, Scope, SeenKind, StaffRole
from infra.postgres.embedded import EmbeddedPostgres
from infra.typed import tag_key
from read_api.client_merge import MERGING
from read_api.imports import LOOKING as LOOKING_AT_IMPORTS
from read_api.reading import reach
from tests.database import MASTER, copy_of
from tests.read_api.office import Office, nothing_granted, open_office
from tests.system.asked import Query, everything
from tests.system.chances import BEGINNING, NINA, STAFF
from tests.system.company import company
from tests.system.histories import ADMIN, Asked, histories, request
from tests.system.sight import Scopes, Sight, Whole, every_of, seen, whole_of
from tests.system.test_as_of import DATED_BACK, MANY, STEP, now_of

ASKED = everything()

PAST = 10
"""Past moments of which is asked."""

PLACED: list[Asked] = [
    Asked(staff.MoveStaff(staff_id=each, team=in_team, branch=in_branch), ADMIN)
    for each, in_team, in_branch in zip(
        STAFF, ("Romashka", "Romashka", "Lutik", "Lutik"), ("Romashka", "Lutik", "Romashka", "Lutik"), strict=False
    )
] + [
    Asked(staff.HireStaff(staff_id=UUID(int=90), name="Zoe", role=StaffRole.HEAD, branch="Romashka"), ADMIN),
    Asked(team.MoveTeamUnderHead(team_id=team_named("Lutik"), head_id=UUID(int=90)), ADMIN),
]
"""Who works where, so that each scope takes in more than the one before."""

CLOSED, ITS_BUYER, WITH_TWO, UNTAKEN = (UUID(int=number) for number in range(92, 96))


def _email(name: str) -> tuple[ContactPointGiven, ...]:
    return (ContactPointGiven(kind=ContactKind.EMAIL, value=f"{name}@closed.example"),)


_IN, _CALL = Direction.INBOUND, Channel.CALL
PLACED += [
    Asked(
        client.RegisterClient(client_id=CLOSED, kind=ClientKind.ORGANISATION, name="X", contact_points=_email("x")),
        ADMIN,
    ),
    Asked(ownership.ClaimClient(client_id=CLOSED, seller_id=STAFF[2]), ADMIN),
    Asked(
        client.RegisterClient(
            client_id=ITS_BUYER, kind=ClientKind.PERSON, name="Y", contact_points=_email("y"), organisation_id=CLOSED
        ),
        ADMIN,
    ),
    Asked(client.ArchiveClient(client_id=CLOSED, reason="closed down"), ADMIN),
    Asked(
        activity.PlanActivity(
            activity_id=WITH_TWO,
            channel=_CALL,
            staff_id=STAFF[0],
            participant_staff_ids=(STAFF[2],),
            topic="x",
            due_at=BEGINNING,
        ),
        ADMIN,
    ),
    Asked(activity.RecordActivity(activity_id=UNTAKEN, channel=_CALL, direction=_IN), Actor("exchange", "integration")),
    Asked(activity.ClassifyCall(activity_id=UNTAKEN, status=CallStatus.FINISHED, staff_id=STAFF[2]), ADMIN),
]
"""And what chance seldom makes: whose organisation's card is put away, what two do, what nobody had taken."""

VIEWERS = (*STAFF[:5], NINA, UUID(int=90), UUID(int=91))
"""The last of them is nobody on record."""

SCOPES = st.fixed_dictionaries(
    {
        kind.value: st.sampled_from([scope.value for scope in reversed(Scope)])
        for kind in SeenKind
        if kind is not SeenKind.TEXTS
    }
)
NARROW: tuple[Scopes, ...] = tuple(
    {kind.value: scope for kind in SeenKind if kind is not SeenKind.TEXTS} for scope in ("own", "none")
)
"""Who sees little, so that much is kept from them whatever chance brings about."""

DEFAULTS: tuple[Scopes, ...] = tuple(
    {kind.value: scope.value for kind, scope in scopes.items()}
    for role, scopes in DEFAULT_SCOPES.items()
    if role in {StaffRole.SELLER, StaffRole.HEAD}
)


class Eye(NamedTuple):
    """Somebody who asks, with what they should see."""

    office: Office
    sight: Sight
    role: str
    as_of: str | None = None

    def told(self, query: Query, more: str = "") -> tuple[int, Any]:
        answer = query.of(self.office, self.as_of, more, self.role, UUID(self.sight.me))
        return answer.status_code, answer.json()

    def whole(self, query: Query) -> tuple[int, Any]:
        """Return what an admin is told who asks for the same."""
        answer = query.of(self.office, self.as_of, "", "admin", UUID(self.sight.me))
        return answer.status_code, answer.json()


def ids_of(body: Mapping[str, Any], key: str) -> list[str]:
    return [item[key] for item in body["items"]]


def check_list(key: str, sees: Callable[[Sight], Callable[[str], bool]]) -> Callable[..., None]:
    """Return what compares a list, its order and its count."""

    def check(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
        assert (whole[0], told[0]) == (200, 200)
        assert whole[1]["next"] is None
        expected = [item[key] for item in seen(whole[1]["items"], key, sees(eye.sight))]
        assert ids_of(told[1], key) == expected, query
        if "count" in told[1]:
            assert told[1]["count"] == len(expected)
        names = {item[key]: item for item in whole[1]["items"]}
        for item in told[1]["items"]:
            if "client_name" in item:
                is_known = eye.sight.client(item["client_id"])
                assert item["client_name"] == (names[item[key]]["client_name"] if is_known else None)

    return check


def check_one(part: str, sees: Callable[[Sight], Callable[[str], bool]]) -> Callable[..., None]:
    """Return what compares the answers about one thing: the same as of what there is not, or the same as an admin's."""

    def check(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
        identity = urlsplit(query.path).path.split("/")[2]
        assert told[0] == (whole[0] if sees(eye.sight)(identity) else 404), (part, query)
        if told[0] == 404:
            assert told[1]["code"] == "not-found"

    return check


def check_preview(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    """Two clients are looked at side by side by who may merge, and sees both."""
    _, _, one, _, other = urlsplit(query.path).path.split("/")
    if eye.role not in MERGING:
        assert told[0] == 403
    else:
        assert told[0] == (whole[0] if eye.sight.client(one) and eye.sight.client(other) else 404), query


def check_board(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    if whole[0] == 404:
        assert told == whole
        return
    check_list("deal_id", lambda sight: sight.deal)(eye, query, whole, told)
    if eye.as_of is not None:
        return
    deals = [one for one in eye.sight.whole.deals.values() if eye.sight.deal(one["deal_id"])]
    asked = dict(parse_qsl(urlsplit(query.path).query))
    deals = [one for one in deals if one["pipeline_id"] == told[1]["pipeline_id"]]
    deals = [one for one in deals if one["seller_id"] == asked.get("seller", one["seller_id"])]
    for unit in asked.keys() & {"team_id", "branch_id"}:
        staff = (
            Query("list_staff", "/staff?limit=200", is_list=True, body=None).of(eye.office, None, "", "admin").json()
        )
        members = {one["staff_id"] for one in staff["items"] if one[unit] == asked[unit]}
        deals = [one for one in deals if one["seller_id"] in members]
    for column in told[1]["stages"]:
        assert column["count"] == sum(one["status"] == "open" and one["stage"] == column["code"] for one in deals)
    for status in ("won", "lost"):
        assert told[1][status]["count"] == sum(one["status"] == status for one in deals)


def check_day(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    if told[0] == 403:
        assert eye.role == "seller"
        return
    for part in ("overdue", "due", "calls_to_classify"):
        expected = [item["activity_id"] for item in whole[1][part] if eye.sight.activity(item["activity_id"])]
        assert [item["activity_id"] for item in told[1][part]] == expected
        assert told[1][f"{part}_count"] == len(expected)


def check_tags(eye: Eye, _: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    """A tag is counted as often as they see clients who have it, and one that none of these has is not told."""
    found = {}
    for one in whole[1]["items"]:
        status, page = eye.told(Query("list_clients", f"/clients?tag={quote(one['tag'])}&archived=false&limit=200"))
        assert status == 200
        found[tag_key(one["tag"])] = len(page["items"])
    assert {tag_key(one["tag"]): one["clients"] for one in told[1]["items"]} == {
        tag: number for tag, number in found.items() if number
    }


def check_values(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    """A value of a field is counted as often as they see clients who have it."""
    code = urlsplit(query.path).path.split("/")[2]
    if whole[0] == 404:
        assert told == whole, query
        return
    found = {}
    for one in whole[1]["items"]:
        what = quote(f"{code}:{one['value']}")
        status, page = eye.told(Query("list_clients", f"/clients?field={what}&archived=false&limit=200"))
        assert status == 200
        found[tag_key(one["value"])] = len(page["items"])
    assert {tag_key(one["value"]): one["clients"] for one in told[1]["items"]} == {
        value: number for value, number in found.items() if number
    }


def check_owners(eye: Eye, _: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    """Whose a client is everybody is told, and more of them only who sees them."""
    for item, other in zip(told[1]["items"], whole[1]["items"], strict=True):
        assert item == {**other, "is_seen": eye.sight.client(item["client_id"])}


def check_my_counters(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    assert (whole[0], told[0]) == (200, 200)
    expected = [each for each in whole[1]["plans"] if eye.sight.plan(each["plan"]["plan_id"])]
    assert told[1]["plans"] == expected, query


def check_same(_: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    assert told == whole, query


def check_imports(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    """Who may import, or audits, is told; an operator of their own, of which there is none here."""
    if eye.role not in LOOKING_AT_IMPORTS:
        assert told[0] == 403, query
    elif eye.role != "operator":
        assert told == whole, query
    elif query.is_list:
        assert (told[0], told[1]["items"]) == (200, []), query
    else:
        assert told[0] == 404, query


def check_logins(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    """Who of the staff signs in is told as it is, and which clients do, of those who are seen."""
    whose = {item["login_id"]: item["client_id"] for item in whole[1]["items"]}
    sees = check_list("login_id", lambda sight: lambda each: whose[each] is None or sight.client(whose[each]))
    sees(eye, query, whole, told)


def check_report(eye: Eye, query: Query, whole: tuple[int, Any], told: tuple[int, Any]) -> None:
    if eye.role == "seller":
        assert told[0] == 403
        return
    people = eye.sight.people("deals")
    rows = whole[1]["rows"]
    whose = next((name for name in ("staff_id", "seller_id") if rows and name in rows[0]), None)
    if whose is not None:
        assert told[1]["rows"] == [row for row in rows if people is None or row[whose] in people], query
    elif people is None:
        assert told[1]["rows"] == rows
    else:
        one_by_one: Counter[str] = Counter()
        for each in people:
            path = query.path + ("&" if "?" in query.path else "?") + f"seller_id={each}"
            one_by_one += _deals_of(query._replace(path=path).of(eye.office, eye.as_of, "", "admin").json()["rows"])
        assert _deals_of(told[1]["rows"]) == one_by_one, query


def _deals_of(rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return how many deals the rows of a report count, of whatever they tell apart.

    What moved deals is not the sum of what moved them for each: who hands a deal to a colleague moves it for both.
    """
    found: Counter[str] = Counter()
    for row in rows:
        if row.get("movement") in {None, "opening", "closing"}:
            found[repr({name: value for name, value in row.items() if name not in NO_SUMS | {"deals"}})] += row["deals"]
    return +found


NO_SUMS = {"amount", "ended", "facts", "share", "weighted", "win_rate"}

CHECKS: dict[str, Callable[[Eye, Query, tuple[int, Any], tuple[int, Any]], None]] = {
    "list_clients": check_list("client_id", lambda sight: sight.client),
    "search_clients": check_list("client_id", lambda sight: sight.client),
    "find_owners": check_owners,
    "list_deals": check_list("deal_id", lambda sight: sight.deal),
    "list_activities": check_list("activity_id", lambda sight: sight.activity),
    "get_pipeline": check_board,
    "get_my_day": check_day,
    "get_client": check_one("card", lambda sight: sight.client),
    "get_client_timeline": check_one("story", lambda sight: sight.client),
    "get_client_changes": check_one("changes", lambda sight: sight.client),
    "get_client_ownership": check_one("owners", lambda sight: sight.client),
    "get_client_permissions": check_one("permissions", lambda sight: sight.client),
    "list_client_dates": check_list("client_id", lambda sight: sight.client),
    "list_tags": check_tags,
    "list_client_files": check_one("files", lambda sight: sight.client),
    "list_custom_fields": check_same,
    "get_custom_field": check_same,
    "list_field_values": check_values,
    "list_client_notes": check_one("notes", lambda sight: sight.client),
    "get_merge_preview": check_preview,
    "get_deal": check_one("deal", lambda sight: sight.deal),
    "list_deal_notes": check_one("notes", lambda sight: sight.deal),
    "get_activity": check_one("activity", lambda sight: sight.activity),
    "list_activity_notes": check_one("notes", lambda sight: sight.activity),
    "list_holdings": check_list("staff_id", lambda sight: sight.staff),
    "get_staff_counters": check_one("figures", lambda sight: sight.staff),
    "list_plans": check_list("plan_id", lambda sight: sight.plan),
    "get_plan": check_one("plan", lambda sight: sight.plan),
    "get_plan_progress": check_one("progress", lambda sight: sight.plan),
    "get_my_counters": check_my_counters,
    "get_report": check_report,
    "list_staff": check_same,
    "get_staff_member": check_same,
    "get_staff_places": check_same,
    "list_units": check_same,
    "list_products": check_same,
    "list_price_books": check_same,
    "get_price_book": check_same,
    "list_book_prices": check_same,
    "price_products": check_same,
    "list_tax_rates": check_same,
    "get_tax_rate": check_same,
    "list_imports": check_imports,
    "get_import": check_imports,
    "get_product": check_same,
    "list_pipelines": check_same,
    "list_logins": check_logins,
    "list_api_keys": check_same,
}
"""How each question that can be asked of the past, too, is compared; one without is no question yet."""

SELLERS_MAY_NOT = {"list_logins"}

NEITHER_MAY = {"list_api_keys"}
"""What neither sellers nor heads may ask."""


def compare(eye: Eye, queries: Sequence[Query]) -> Counter[str]:
    """Ask, and compare with what everybody is told; return how often each question was asked."""
    asked: Counter[str] = Counter()
    for query in queries:
        told = eye.told(query)
        if query.name in NEITHER_MAY or (query.name in SELLERS_MAY_NOT and eye.role == "seller"):
            assert told[0] == 403
            continue
        CHECKS[query.name](eye, query, eye.whole(query), told)
        asked[query.name] += 1
    return asked


def check_acts(eye: Eye, runner: BatchRunner) -> int:
    """Commands let them act on what they are told of, and of the rest say what is said of what there is not.

    Return how much they may act on; nothing is changed, for there is no such note.
    """
    caller = Actor(eye.sight.me, eye.role)
    standing = eye.office.runner.run(standings(RightsOfRoles(nothing_granted), eye.office.desk.reach_of)(caller))
    allowed = 0
    for field, sees, things in (
        ("client_id", eye.sight.client, eye.sight.whole.clients),
        ("deal_id", eye.sight.deal, eye.sight.whole.deals),
        ("activity_id", eye.sight.activity, eye.sight.whole.activities),
    ):
        asked = [EditNote.model_validate({"note_id": UUID(int=1), "text": "x", field: each}) for each in things]
        answers = runner.run([Request.of(one, caller, MASTER.keyed_hash, standing=standing) for one in asked])
        for each, answer in zip(things, answers, strict=True):
            assert type(answer) is (NoteIsUnknownError if sees(each) else OutOfSightError), (field, each, answer)
            allowed += sees(each)
    return allowed


def check_walk(eye: Eye, path: str, key: str, sees: Callable[[str], bool], whole: Mapping[str, Any]) -> None:
    """A walk from page to page meets everything that they see, once."""
    found: list[str] = []
    query, more = Query("walk", f"{path}?limit=2"), ""
    while True:
        status, page = eye.told(query, more)
        assert status == 200
        found += ids_of(page, key)
        if page["next"] is None:
            break
        more = f"cursor={page['next']}"
    assert sorted(found) == sorted(each for each in whole if sees(each))


@contextmanager
def lived(
    cluster: EmbeddedPostgres, template: str, batches: list[list[Asked]], folders: pytest.TempPathFactory
) -> Iterator[tuple[Office, Whole, list[datetime], BatchRunner]]:
    """A company that all this has happened to, the moments after each batch, and what carries out commands there."""
    with (
        copy_of(cluster, template) as database,
        company(database, folders.mktemp("made")) as one,
        open_office(database, one.analytics) as office,
    ):
        moments = []
        for number, batch in enumerate(batches):
            answered = one.runner.run([request(asked, BEGINNING + number * STEP) for asked in batch])
            assert batch is not PLACED or all(isinstance(answer, Accepted) for answer in answered)
            while one.follow(1_000):
                pass
            moments.append(now_of(database))
        office.clock.stop_at(moments[-1])
        yield office, whole_of(office), moments, one.runner


@settings(
    max_examples=1,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(batches=histories(batches=PAST - 4), scopes=st.lists(SCOPES, min_size=4, max_size=4))
def _in_this_history(
    batches: list[list[Asked]],
    scopes: list[Scopes],
    cluster: EmbeddedPostgres,
    template: str,
    folders: pytest.TempPathFactory,
) -> None:
    assume(len({type(asked.command) for batch in batches for asked in batch}) > MANY)
    granted: dict[str, Scopes] = {}

    async def scopes_of(role: str) -> Scopes:
        return granted.get(role) or {kind.value: scope.value for kind, scope in DEFAULT_SCOPES[StaffRole(role)].items()}

    with lived(cluster, template, [*batches[:2], DATED_BACK, PLACED, *batches[2:]], folders) as (
        office,
        whole,
        moments,
        runner,
    ):
        office.desk.reaches.scopes_of = scopes_of
        kept: Counter[str] = Counter()
        for number, (who, each) in enumerate(zip(VIEWERS, (*DEFAULTS, *NARROW, *scopes), strict=True)):
            role = "head" if number % 2 else "seller"
            granted[role] = {**each, "texts": "all"}
            eye = Eye(office, Sight(whole, str(who), each), role)
            # Each caller asks some of everything; all of it is asked by one or another.
            asked = compare(eye, [query for place, query in enumerate(ASKED) if place % 4 == number % 4])
            assert asked
            for path, key, sees, things in (
                ("/clients", "client_id", eye.sight.client, whole.clients),
                ("/deals", "deal_id", eye.sight.deal, whole.deals),
                ("/activities", "activity_id", eye.sight.activity, whole.activities),
            ):
                check_walk(eye, path, key, sees, things)
                with pytest.MonkeyPatch.context() as patch:
                    # As if the colleagues were too many to be looked up one by one.
                    patch.setattr(reach, "OWNERS", ())
                    check_walk(eye, path, key, sees, things)
                kept[f"{path} seen"] += sum(map(sees, things))
                kept[f"{path} kept"] += len(things) - sum(map(sees, things))
            kept["allowed"] += check_acts(eye, runner)
            moment = moments[number % len(moments)].isoformat()
            then = replace(eye.sight, staff_then=every_of(office, "/staff", "staff_id", quote(moment)))
            compare(
                eye._replace(as_of=moment, sight=then),
                [query for place, query in enumerate(ASKED) if place % 25 == number],
            )
        # Else the test would show nothing of it.
        assert min(kept.values()) > 10, kept


def test_everybody_is_told_what_they_may_see_and_nothing_else(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _in_this_history(cluster=cluster, template=template, folders=tmp_path_factory)


def test_every_question_about_the_past_has_its_rule_here() -> None:
    assert {query.name for query in ASKED} == set(CHECKS)


def test_the_roles_whose_scope_is_fixed_see_all_or_nothing() -> None:
    for role in FIXED:
        assert len(set(DEFAULT_SCOPES[role].values())) == 1
