"""Plans: what is to be reached, what is done and what is left; one plan with who did it."""

import asyncio
from typing import Any

from read_api.console.page import Pages, View, Visit
from read_api.console.story import staff_named

pages = Pages()

LIMIT = 50
OTHERS = {"": True, "past": False}
"""Which plans are listed: those that hold, or those that were closed or withdrawn."""


@pages.page("/plans", name="plans", asks="get_my_counters", key="p", of_staff=True)
async def plans(visit: Visit) -> View:
    """Show the plans of today that are the user's, or of whom they head; below them the other ones."""
    which = visit.query.get("which", "")
    which = which if which in OTHERS else ""
    mine, others = await asyncio.gather(
        visit.api.get("/my-counters"),
        visit.api.get("/plans", standing=OTHERS[which], limit=LIMIT, cursor=visit.query.get("cursor")),
    )
    counted = {each["plan"]["plan_id"] for each in mine["plans"]}
    shown = {
        "mine": mine["plans"],
        "others": [each for each in others["items"] if which or each["plan_id"] not in counted],
        "which": which,
        "next": others["next"],
    }
    return View("plans.html", visit.words("plans.title"), shown, is_live=True)


@pages.page("/plans/{plan_id}")
async def plan(visit: Visit, plan_id: str) -> View:
    """Show what was reached of a plan, and by whom."""
    found = await visit.api.get(f"/plans/{plan_id}/progress", by_staff=True)
    told, me = found["plan"], visit.me["id"]
    shown: dict[str, Any] = {
        "progress": found,
        "plan": told,
        "names": await staff_named(visit, {told["agreed_by"]}),
        "is_open": not (told["closed_at"] or told["withdrawn_at"]),
        "is_over": found["today"] > told["ends_on"],
        # Where nobody is named to answer, any head does.
        "is_mine": told["answerer_id"] == me if told["answerer_id"] else visit.may("adjust-target"),
    }
    return View("plan.html", visit.words("plans.one"), shown, is_live=True)
