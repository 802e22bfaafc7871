"""The steps of the demo, in order: each does something through the real service and checks what came of it."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors, sql

from app.composition.decoding import decoder_factory
from app.demo.company import ADMIN_ID
from app.demo.place import Answer, Place
from infra.log.ids import new_id
from projections.parties.client_card import client_card
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources
from replay.rebuilding.verify import verify

PATIENCE = 15.0
"""Seconds that what happens by itself (a policy, a view) may take."""

AMOUNT, CURRENCY = "480000", "EUR"
"""No deal of the company that every first start enters is in this currency, so its report row is the demo's own."""


class NotTrueError(Exception):
    """A step of the story was not true: what was looked at, what was expected, and what was seen."""

    def __init__(self, what: str, expected: Any, seen: Any) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.seen = seen


def check(what: str, seen: Any, expected: Any) -> None:
    """Raise NotTrueError unless what was seen is what was expected."""
    if seen != expected:
        raise NotTrueError(what, expected, seen)


class Story:
    """What the steps know of each other: the place, who is who, and what was seen so far."""

    def __init__(self, place: Place, names: Mapping[str, str]) -> None:
        self.place = place
        self.names = names
        self.known: dict[str, Any] = dict(names)
        people = ("head", "anna", "boris", "vera")
        things = ("client", "second", "third", "pipeline", "deal", "contact")
        self.ids: dict[str, UUID] = {name: new_id() for name in (*people, *things)}
        self.admin = place.token(ADMIN_ID, "admin")
        roles = {"head": "head", "anna": "seller", "boris": "seller", "vera": "operator"}
        self.tokens = {name: place.token(self.ids[name], role) for name, role in roles.items()}
        self.winner = self.loser = ""
        self.position = 0

    def does(self, token: str, command: str, /, **fields: Any) -> dict[str, Any]:
        """Send a command that must be accepted, and remember its position."""
        answer = self.place.command(token, command, **fields)
        check(f"POST /commands/{command}: {answer.body}", answer.status, 200)
        self.position = max(self.position, answer.body["position"])
        receipt: dict[str, Any] = answer.body
        return receipt

    def refused(self, answer: Answer, status: int, code: str, what: str) -> dict[str, Any]:
        """Check that a command was refused with this status and code."""
        seen = (answer.status, (answer.body or {}).get("code"))
        check(f"{what}: {answer.body}", seen, (status, code))
        problem: dict[str, Any] = answer.body
        return problem

    def sees(self, path: str, /, token: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Read something that has seen everything done so far."""
        answer = self.place.read(token or self.tokens["head"], path, min_position=self.position, **parameters)
        check(f"GET {path}: {answer.body}", answer.status, 200)
        body: dict[str, Any] = answer.body
        return body

    def card(self, name: str) -> dict[str, Any]:
        """Return a client's card."""
        return self.sees(f"/clients/{self.ids[name]}")

    def count_facts(self) -> int:
        """Return how many facts the log holds."""
        return int(self.query("SELECT count(*) FROM letopis.event")[0][0])

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database itself, as its owner."""
        with psycopg.connect(self.place.urls.owner, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()


def company(story: Story) -> None:
    """Enter the company and clients without an owner."""
    names, ids, admin = story.names, story.ids, story.admin
    story.does(admin, "hire-staff", staff_id=ids["head"], name=names["head"], role="head", branch=names["north"])
    staff = (("anna", "seller", "north"), ("boris", "seller", "south"), ("vera", "operator", "north"))
    for name, role, branch in staff:
        fields = {"staff_id": ids[name], "name": names[name], "role": role, "branch": names[branch]}
        story.does(admin, "hire-staff", **fields, head_id=ids["head"])
    stages = [{"code": code, "name": names[code], "probability": at} for code, at in STAGES.items()]
    story.does(admin, "define-pipeline", pipeline_id=ids["pipeline"], name=names["pipeline"], stages=stages)
    for number, name in enumerate(("client", "second", "third")):
        phone = {"kind": "phone", "value": f"+7 495 765-43-2{number}"}
        fields = {"client_id": ids[name], "kind": "organisation", "name": names[name], "contact_points": [phone]}
        story.does(story.tokens["vera"], "register-client", **fields)
    # Whose head the head is was looked up a moment ago at most, when they ask: nobody may be missing then.
    story.sees("/staff", story.admin)
    check("GET /clients/{id} → owner", story.card("client")["owner"], None)


STAGES = {"lead": 10, "offer": 40, "contract": 80}


def race(story: Story) -> None:
    """Let both sellers claim the client at once: one wins, the other is told who."""
    start = Barrier(2)

    def claim(name: str) -> Answer:
        start.wait()
        return story.place.command(story.tokens[name], "claim-client", client_id=story.ids["client"])

    with ThreadPoolExecutor(2) as both:
        answers = dict(zip(("anna", "boris"), both.map(claim, ("anna", "boris")), strict=True))
    check("POST /commands/claim-client", sorted(one.status for one in answers.values()), [200, 409])
    story.winner, story.loser = sorted(answers, key=lambda name: answers[name].status)
    problem = story.refused(answers[story.loser], 409, "client-owned", "claim-client")
    story.position = answers[story.winner].body["position"]
    winner = story.names[story.winner]
    check("409 → owner_name", problem.get("owner_name"), winner)
    check("GET /clients/{id} → owner", (story.card("client")["owner"] or {}).get("name"), winner)
    for name in ("second", "third"):
        story.does(story.tokens[story.winner], "claim-client", client_id=story.ids[name])
    story.known |= {"winner": winner, "loser": story.names[story.loser], "detail": problem["detail"]}


def meeting(story: Story) -> None:
    """Refuse a meeting without a result, then take it with one."""
    names = story.names
    told = {"channel": "meeting", "direction": "outbound", "client_id": story.ids["client"], "topic": names["topic"]}
    told |= {"contact_name": names["contact"], "contact_data": "+7 495 765-43-20"}
    token, before = story.tokens[story.winner], story.count_facts()
    answer = story.place.command(token, "record-activity", **told)
    problem = story.refused(answer, 422, "meeting-is-incomplete", "record-activity")
    fields = [error["pointer"] for error in problem.get("errors", ())]
    check("422 → errors", fields, ["/result"])
    check("facts in the log", story.count_facts(), before)
    story.does(token, "record-activity", **told, result=names["result"])
    story.known["field"] = fields[0].removeprefix("/")


def deal(story: Story) -> None:
    """Open a deal, move it along and win it; then it moves no more."""
    token, deal_id = story.tokens[story.winner], story.ids["deal"]
    amount = {"amount": AMOUNT, "currency": CURRENCY}
    fields = {"deal_id": deal_id, "client_id": story.ids["client"], "pipeline_id": story.ids["pipeline"]}
    story.does(token, "open-deal", **fields, stage="lead", title=story.names["deal"], amount=amount)
    for stage in ("offer", "contract"):
        story.does(token, "move-deal", deal_id=deal_id, to_stage=stage)
    story.does(token, "win-deal", deal_id=deal_id)
    answer = story.place.command(token, "move-deal", deal_id=deal_id, to_stage="lead")
    story.refused(answer, 409, "deal-is-closed", "move-deal")
    story.known |= {"amount": f"{int(AMOUNT):,}".replace(",", " "), "currency": CURRENCY}


def views(story: Story) -> None:
    """Find the deal on the card, on the board and in the month's report."""
    card = story.card("client")
    check("GET /clients/{id} → owner", (card["owner"] or {}).get("name"), story.known["winner"])
    check("GET /clients/{id} → touch_count", card["touch_count"] > 0, True)
    check("GET /clients/{id} → open_deals", card["open_deals"]["count"], 0)
    board = story.sees("/pipeline", pipeline=story.ids["pipeline"])
    check("GET /pipeline → won", _sums(board["won"]), (1, [(CURRENCY, Decimal(AMOUNT))]))
    report = story.sees("/analytics/monthly_sales")
    rows = [row for row in report["rows"] if row["currency"] == CURRENCY]
    seen = [(row["deals"], Decimal(row["amount"])) for row in rows]
    check("GET /analytics/monthly_sales", seen, [(1, Decimal(AMOUNT))])
    story.known |= {"touches": card["touch_count"], "won": 1, "month": str(rows[0]["month"])[:7]}


def _sums(counted: Mapping[str, Any]) -> tuple[int, list[tuple[str, Decimal]]]:
    return counted["count"], [(one["currency"], Decimal(one["amount"])) for one in counted["sums"]]


def departure(story: Story) -> None:
    """Part with the winner: every client goes to the successor, and the past stays as it was."""
    gone, heir = story.ids[story.winner], story.ids[story.loser]
    head = story.tokens["head"]
    story.does(head, "depart-staff", staff_id=gone, successor_id=heir, reason=story.names["reason"])
    clients, end = ("client", "second", "third"), time.monotonic() + PATIENCE
    while (owners := [story.card(name)["owner_id"] for name in clients]) != [str(heir)] * len(clients):
        if time.monotonic() > end:
            raise NotTrueError("GET /clients/{id} → owner_id", [str(heir)] * len(clients), owners)
        time.sleep(0.05)
    changes = story.sees(f"/clients/{story.ids['client']}/ownership")["items"]
    history = [change["to_owner_name"] for change in changes]
    check("GET /clients/{id}/ownership", history, [story.known["winner"], story.known["loser"]])
    check("GET /clients/{id}/ownership → cause", changes[-1]["cause"], "departure")
    late = story.place.command(story.tokens[story.winner], "claim-client", client_id=story.ids["client"])
    check("a late claim-client", late.status, 409)
    story.known |= {"clients": len(clients), "history": " → ".join(history)}


def rebuild_cards(story: Story) -> None:
    """Drop the tables of the client cards as the database's owner, rebuild them from the log, and compare."""
    before = story.card("client")
    generation = story.query("SELECT generation FROM read.projection_status WHERE name = 'client_card'")[0][0]
    with psycopg.connect(story.place.urls.owner, autocommit=True) as owner:
        owner.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(f"client_card_g{generation}")))
    meanwhile = story.place.read(story.tokens["head"], f"/clients/{story.ids['client']}")
    check(f"GET /clients/{{id}}: {meanwhile.body}", meanwhile.status, 503)
    url, master = story.place.urls.projector, story.place.master
    made = rebuild(client_card, url, decoder_factory(url, master), resources=Resources(processes=1))
    if made is None:
        raise NotTrueError("letopis projections rebuild client_card", "a new generation", None)
    report = verify(client_card, url, decoder_factory(url, master))
    check(f"letopis projections verify client_card: {report.summary}", report.is_equal, True)
    check("GET /clients/{id}", story.card("client"), before)
    story.known |= {"broken": meanwhile.status, "generation": made.generation, "rows": report.rows}
    story.known["seconds"] = f"{made.seconds:.1f}"


def immutable(story: Story) -> None:
    """Try to change the log: no role may, not even the database's owner."""
    before = story.count_facts()
    attempts = (
        "UPDATE letopis.event SET actor = 'nobody' WHERE position = 1",
        "DELETE FROM letopis.event WHERE position = 1",
        "TRUNCATE letopis.event",
    )
    refusals = [_refusal(story.place.urls.owner, attempt) for attempt in attempts]
    check("UPDATE, DELETE, TRUNCATE", [bool(refusal) for refusal in refusals], [True, True, True])
    as_writer = "INSERT INTO letopis.event SELECT * FROM letopis.event WHERE position = 1"
    check("INSERT by the service's role", bool(_refusal(story.place.urls.writer, as_writer)), True)
    check("facts in the log", story.count_facts(), before)
    story.known |= {"refusal": refusals[0], "facts": before}


def _refusal(url: str, statement: str) -> str:
    """Return what the database said when it refused; nothing when it did not, in which case it is undone."""
    with psycopg.connect(url) as connection:
        try:
            connection.execute(statement.encode())
        except errors.InsufficientPrivilege as refusal:
            connection.rollback()
            return refusal.diag.message_primary or str(refusal)
        connection.rollback()
    return ""


Step = Callable[[Story], None]

STEPS: Mapping[str, Step] = {
    "company": company,
    "race": race,
    "meeting": meeting,
    "deal": deal,
    "views": views,
    "departure": departure,
    "rebuild": rebuild_cards,
    "immutable": immutable,
}
"""In order; each has its words in demo.toml."""
