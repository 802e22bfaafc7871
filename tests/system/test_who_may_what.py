"""Whoever asks whatever: each route and command by each role in each standing, of what is theirs and what is not.

What is right is said by docs/rights.md, whose tables are frozen, and by the few rules beside the requests: what is out
of sight is told as what there is not, and who is let in no more is told that and nothing else.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from commands.registry import COMMANDS
from events.client_file import ClientFileAdded
from infra.postgres.embedded import EmbeddedPostgres
from tests.system.commanded import NEVER_DONE, Order, every_order
from tests.system.company import Company, raw
from tests.system.everyone import PEOPLE, PROGRAM, UNKNOWN, founded, things_happen
from tests.system.inside import Inside, Told, inside
from tests.system.page_of_rights import DONE, KEPT_OUT
from tests.system.ways_in import SENT, Question, every_question

EVERYBODY = (*PEOPLE, PROGRAM)
AT_ONCE = 64


async def asked_for(app: Inside, cells: Sequence[Question | Order]) -> list[str]:
    """Ask for everything and check each answer; return in a word what each was."""
    words: list[str] = []
    unknown: dict[object, Told] = {}
    for first in range(0, len(cells), AT_ONCE):
        some = cells[first : first + AT_ONCE]
        for cell, told in zip(some, await asyncio.gather(*(each.ask(app) for each in some)), strict=True):
            words.append(cell.check(told))
            if cell.near == "unknown":
                unknown[cell.key] = told
            elif words[-1] == "absent":
                assert told.less(cell.things) == unknown[cell.key].less(UNKNOWN), (cell, told)
    return words


async def in_a_batch(app: Inside, orders: Sequence[Order]) -> int:
    """Ask at once for everything that somebody may not do whatever it is about; return how much that is."""
    asked = 0
    for who in EVERYBODY:
        mine = [each for each in orders if each.who is who and each.near == "own" and each.refusal]
        items = [
            {"command": each.asked.name, "data": each.asked.body(each.things, each.things)}
            for each in mine
            if each.refusal and each.refusal[0] == 403
        ]
        if items:
            told = await app.ask("POST", "/commands", who.headers, {"commands": items})
            if who.standing in KEPT_OUT:
                assert (told.status, told.code) == (403, KEPT_OUT[who.standing])
            else:
                assert {(each["status"], each["code"]) for each in told.json["results"]} == {(403, "not-allowed")}
        asked += len(items)
    return asked


async def everybody_asks(one: Company, app: Inside) -> Counter[str]:
    for who in PEOPLE:
        assert (await app.ask("GET", "/me", who.headers)).status == 200
    await things_happen(one)
    before = raw(one.database, "%")
    orders = every_order(EVERYBODY)
    asked = every_question(app.app, EVERYBODY)
    found = Counter(await asked_for(app, asked))
    words = await asked_for(app, orders)
    found += Counter(words)
    found["refused"] += await in_a_batch(app, orders)
    # A file is sent for real, and each client has it once, however many send it.
    facts = raw(one.database, "%")
    sent = [fact for fact in facts if fact[1] == ClientFileAdded.TOPIC]
    assert len(sent) <= len({question.things.client for question in asked if question.way.name == SENT})
    assert [fact for fact in facts if fact not in sent] == before, "something was done by who may not"
    outcomes = defaultdict(set)
    for order, word in zip(orders, words, strict=True):
        outcomes[order.asked].add(word)
    # Else a right might be missing, and nobody would see it.
    undone = {(asked.name, asked.field) for asked, seen in outcomes.items() if "decided" not in seen}
    assert undone == NEVER_DONE
    return found


def test_each_asks_for_everything(cluster: EmbeddedPostgres, template: str, tmp_path: Path) -> None:
    async def go(one: Company) -> Counter[str]:
        async with inside(one, tmp_path) as app:
            return await everybody_asks(one, app)

    with founded(cluster, template, tmp_path) as one:
        found = asyncio.run(go(one))
    print(f"{found.total()} cells: {dict(found)}")
    # Else it shows nothing of one kind of answer.
    assert min(found[word] for word in ("told", "absent", "refused", "decided", "not done", "begun")) > 50


def test_every_command_is_in_the_page() -> None:
    assert {*COMMANDS} == {*DONE}
