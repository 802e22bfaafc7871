"""The board: the stages of a pipeline with what is in them, and the open deals of each, as of any day."""

import asyncio
from collections.abc import Iterable, Mapping, Set
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic_core import to_json

from read_api.console.board_days import days_of, first_day
from read_api.console.calling import RefusedError, Told
from read_api.console.leading import led_of
from read_api.console.page import File, Pages, View, Visit
from read_api.console.roads import NO_ROAD, road_of, stage_called

pages = Pages()

CARDS = 30
"""So many cards a stage shows at first, and with each step further."""

CARDS_IN_ALL = 120
"""All stages together show no more at first: what a page has in it stays light."""

NOT_FOUND = 404

_NONE: Mapping[str, Any] = {"count": 0, "sums": []}
NO_BOARD: Mapping[str, Any] = {"pipeline_id": None, "name": None, "stages": [], "won": _NONE, "lost": _NONE}

WHOSE = ("pipeline", "seller", "team_id")
"""What the address says of whose deals are shown, and of which pipeline."""


@pages.page("/board", name="board", asks="get_pipeline", key="b")
async def board(visit: Visit) -> View:
    """Show the board; as of a past day, when the address says one, nothing can be done on it."""
    chosen = _chosen(visit)
    totals, roads, sellers, teams = await asyncio.gather(
        _totals(visit, chosen), visit.api.get("/pipelines"), _sellers(visit), _teams(visit)
    )
    stages = [one for one in totals["stages"] if one["count"] or not one["is_retired"]]
    full = [one["code"] for one in stages if one["count"]]
    limit = min(CARDS, CARDS_IN_ALL // max(1, len(full)))
    # A column goes on only as it was asked for, so the pipeline is named.
    whose = {**chosen, "pipeline": _road(totals)}
    columns = dict(zip(full, await asyncio.gather(*(_column(visit, whose, code, limit) for code in full)), strict=True))
    road = road_of(roads, _road(totals))
    shown = {
        "board": totals,
        "stages": stages,
        "columns": columns,
        "led": await _led(visit, chosen, (deal for column in columns.values() for deal in column["items"])),
        "roads": [one for one in roads["items"] if _is_offered(visit, one, chosen["as_of"]) or one is road],
        "sellers": sellers,
        "teams": teams,
        "chosen": chosen,
        "open_stage": visit.query.get("stage") or next(iter(full), None),
        "days": _days(visit, chosen["as_of"], road),
        "address": lambda **other: _address("/console/board", chosen, other),
        "figures": _figures(visit, chosen, whose, road),
        "further": {code: _further(whose, code, column) for code, column in columns.items()},
    }
    return View("board.html", totals["name"] or visit.words("board.title"), shown, is_live=not chosen["as_of"])


@pages.page("/board/more")
async def more_cards(visit: Visit) -> View:
    """Show further deals of one stage: what its column shows more of, and a page by itself."""
    chosen, stage = _chosen(visit), visit.query.get("stage", "")
    found, roads = await asyncio.gather(
        _column(visit, chosen, stage, CARDS, cursor=visit.query.get("cursor")), visit.api.get("/pipelines")
    )
    road = road_of(roads, chosen["pipeline"]) or NO_ROAD
    shown = {
        "column": found,
        "led": await _led(visit, chosen, found["items"]),
        "stage": stage,
        "chosen": chosen,
        "back": _address("/console/board", chosen, {"stage": stage}),
        "further": _further(chosen, stage, found),
    }
    return View("board_more.html", stage_called(road, stage) or stage, shown)


@pages.page("/board/days", asks="get_report")
async def board_days(visit: Visit) -> File:
    """Tell what was in each stage on every day since the pipeline was defined: the report of the board by day."""
    road, since = visit.query.get("pipeline", ""), visit.query.get("from", "")
    asked = {"pipeline_id": road, "seller_id": visit.query.get("seller"), "from_": since}
    answer = await visit.api.get("/analytics/board_by_day", **asked)
    told = days_of(answer["rows"], first_day(since))
    return File(Told(200, {"content-type": "application/json"}, to_json(told)), "board-by-day.json")


async def _totals(visit: Visit, chosen: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what the stages hold; there may have been no pipeline yet on a past day."""
    try:
        return dict(await visit.api.get("/pipeline", limit=1, **chosen))
    except RefusedError as refused:
        if refused.status != NOT_FOUND or chosen["pipeline"]:
            raise
    return NO_BOARD


async def _column(
    visit: Visit, whose: Mapping[str, str], stage: str, limit: int, **more: str | None
) -> Mapping[str, Any]:
    """Return a page of what a stage holds, the oldest first: the list of deals, which counts and adds up nothing."""
    return dict(await visit.api.get("/deals", **whose, **more, status="open", stage=stage, limit=limit))


async def _sellers(visit: Visit) -> list[Mapping[str, Any]]:
    """Return whose deals one may choose to look at."""
    if not visit.asks("list_staff"):
        return []
    found = await visit.api.get("/staff", active="true", fields="name,role", limit=200)
    return [one for one in found["items"] if one["role"] in {"seller", "head"}]


async def _teams(visit: Visit) -> list[Mapping[str, Any]]:
    """Return the teams whose deals one may choose to look at."""
    return list((await visit.api.get("/units", kind="team", open="true", limit=200))["items"])


async def _led(visit: Visit, chosen: Mapping[str, str], deals: Iterable[Mapping[str, Any]]) -> Set[str]:
    """Return which of these deals the user may lead: none in the past."""
    return frozenset() if chosen["as_of"] else await led_of(visit, deals)


def _chosen(visit: Visit) -> dict[str, str]:
    chosen = {name: visit.query.get(name, "").strip() for name in (*WHOSE, "as_of")}
    return {**chosen, "as_of": visit.past(chosen["as_of"])}


def _further(whose: Mapping[str, str], stage: str, column: Mapping[str, Any]) -> str | None:
    """Return where a column goes on, if it does."""
    rest = {"stage": stage, "cursor": column["next"] or ""}
    return _address("/console/board/more", whose, rest) if column["next"] else None


def _is_offered(visit: Visit, road: Mapping[str, Any], as_of: str) -> bool:
    """Tell whether one may choose a pipeline: it is in use, and was there on the day that is looked at."""
    begun = visit.words.local(road["defined_at"]).date().isoformat() if road["defined_at"] else ""
    return road["retired_at"] is None and (not as_of or begun <= as_of[:10])


def _road(totals: Mapping[str, Any]) -> str:
    return str(totals["pipeline_id"])


def _figures(
    visit: Visit, chosen: Mapping[str, str], whose: Mapping[str, str], road: Mapping[str, Any] | None
) -> str | None:
    """Return where the counts and sums of every day are told, if they are: the report knows no teams."""
    if road is None or chosen["team_id"] or not visit.asks("get_report"):
        return None
    asked = {"pipeline": whose["pipeline"], "seller": chosen["seller"], "from": _defined(visit, road).isoformat()}
    return _address("/console/board/days", asked, {})


def _defined(visit: Visit, road: Mapping[str, Any]) -> date:
    """Return the day since which there is something to look back at."""
    return visit.words.local(road["defined_at"]).date() if road["defined_at"] else visit.words.now.date()


def _days(visit: Visit, as_of: str, road: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the first and the last day there is, and the days before and after what is shown.

    Before the first one there is none, and after the last one comes the present.
    """
    today = visit.words.now.date()
    ends: dict[str, Any] = {
        "first": today if road is None else _defined(visit, road),
        "today": today,
        "last": (today - timedelta(1)).isoformat(),
    }
    try:
        shown = date.fromisoformat(as_of) if as_of else today
    except ValueError:
        # A moment, or a place in the log, has no neighbours.
        return {**ends, "shown": None, "before": None, "after": None}
    before, after = shown - timedelta(1), shown + timedelta(1)
    return {
        **ends,
        "shown": shown,
        "before": before.isoformat() if before >= ends["first"] else None,
        "after": None if not as_of else after.isoformat() if after < today else "",
    }


def _address(path: str, chosen: Mapping[str, str], other: Mapping[str, str]) -> str:
    said = {name: value for name, value in {**chosen, **other}.items() if value}
    return f"{path}?{urlencode(said)}" if said else path
