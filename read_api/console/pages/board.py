"""The board: the stages of a pipeline with what is in them, and the open deals of each, as of any day."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from read_api.console.calling import RefusedError
from read_api.console.page import Pages, View, Visit

pages = Pages()

CARDS = 30
"""So many cards a stage shows at first, and with each step further."""

CARDS_IN_ALL = 150
"""All stages together show no more at first: what a page has in it stays light."""

NOT_FOUND = 404

_NONE: Mapping[str, Any] = {"count": 0, "sums": []}
NO_BOARD: Mapping[str, Any] = {"pipeline_id": None, "name": None, "stages": [], "won": _NONE, "lost": _NONE}

CHOICES = ("pipeline", "seller", "as_of")


@pages.page("/board", name="board", asks="get_pipeline", key="b")
async def board(visit: Visit) -> View:
    """Show the board; as of a past day, when the address says one, nothing can be done on it."""
    chosen = _chosen(visit)
    totals, roads, sellers = await asyncio.gather(_totals(visit, chosen), visit.api.get("/pipelines"), _sellers(visit))
    stages = [one for one in totals["stages"] if one["count"] or not one["is_retired"]]
    full = [one["code"] for one in stages if one["count"]]
    limit = min(CARDS, CARDS_IN_ALL // max(1, len(full)))
    # A column goes on only as it was asked for, so the pipeline is named.
    whose = {**chosen, "pipeline": _road(totals)}
    asked = (visit.api.get("/pipeline", **whose, stage=code, limit=limit) for code in full)
    columns = dict(zip(full, await asyncio.gather(*asked), strict=True))
    shown = {
        "board": totals,
        "stages": stages,
        "columns": columns,
        "roads": [one for one in roads["items"] if one["retired_at"] is None or one["pipeline_id"] == _road(totals)],
        "sellers": sellers,
        "chosen": chosen,
        "open_stage": visit.query.get("stage") or next(iter(full), None),
        "days": _days(visit, chosen["as_of"]),
        "address": lambda **other: _address("/console/board", chosen, other),
        "further": {code: _further(chosen, code, column) for code, column in columns.items()},
    }
    return View("board.html", totals["name"] or visit.words("board.title"), shown, is_live=not chosen["as_of"])


@pages.page("/board/more")
async def more_cards(visit: Visit) -> View:
    """Show further deals of one stage: what its column shows more of, and a page by itself."""
    chosen, stage = _chosen(visit), visit.query.get("stage", "")
    asked: dict[str, Any] = {**chosen, "stage": stage, "cursor": visit.query.get("cursor")}
    found = await visit.api.get("/pipeline", **asked, limit=CARDS)
    name = next((one["name"] for one in found["stages"] if one["code"] == stage), stage)
    shown = {
        "column": found,
        "stage": stage,
        "chosen": chosen,
        "back": _address("/console/board", chosen, {"stage": stage}),
        "further": _further(chosen, stage, found),
    }
    return View("board_more.html", name or stage, shown)


async def _totals(visit: Visit, chosen: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what the stages hold; there may have been no pipeline yet on a past day."""
    try:
        return dict(await visit.api.get("/pipeline", limit=1, **chosen))
    except RefusedError as refused:
        if refused.status != NOT_FOUND or chosen["pipeline"]:
            raise
    return NO_BOARD


async def _sellers(visit: Visit) -> list[Mapping[str, Any]]:
    """Return whose deals one may choose to look at."""
    if not visit.asks("list_staff"):
        return []
    found = await visit.api.get("/staff", active="true", fields="name,role", limit=200)
    return [one for one in found["items"] if one["role"] in {"seller", "head"}]


def _chosen(visit: Visit) -> dict[str, str]:
    chosen = {name: visit.query.get(name, "").strip() for name in CHOICES}
    return {**chosen, "as_of": visit.past(chosen["as_of"])}


def _further(chosen: Mapping[str, str], stage: str, column: Mapping[str, Any]) -> str | None:
    """Return where a column goes on, if it does."""
    whose = {"pipeline": _road(column), "stage": stage, "cursor": column["next"] or ""}
    return _address("/console/board/more", chosen, whose) if column["next"] else None


def _road(totals: Mapping[str, Any]) -> str:
    return str(totals["pipeline_id"])


def _days(visit: Visit, as_of: str) -> Mapping[str, str | None]:
    """Return the last day there is, and the days before and after what is shown; after the last comes the present."""
    today = visit.words.now.date()
    try:
        shown = date.fromisoformat(as_of) if as_of else today
    except ValueError:
        # A moment, or a place in the log, has no neighbours.
        return {"last": (today - timedelta(1)).isoformat(), "before": None, "after": None}
    before, after = shown - timedelta(1), shown + timedelta(1)
    return {
        "last": (today - timedelta(1)).isoformat(),
        "before": before.isoformat(),
        "after": None if not as_of else after.isoformat() if after < today else "",
    }


def _address(path: str, chosen: Mapping[str, str], other: Mapping[str, str]) -> str:
    said = {name: value for name, value in {**chosen, **other}.items() if value}
    return f"{path}?{urlencode(said)}" if said else path
