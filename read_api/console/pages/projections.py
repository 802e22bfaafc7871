"""The read models for those who look after them: how each is, what a rebuild is at, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from read_api.console.page import Pages, View, Visit
from read_api.console.story import by_days
from read_api.console.upkeep import ANALYTICS, OF_REBUILDS, Job, Model, jobs_of, models_of

pages = Pages()

LATEST = 12
"""So many jobs are shown; the API has them all."""

SHOWN = 50
"""So many keys that wait are shown, the first ones."""


@pages.page("/projections", name="projections", asks="list_jobs", key="v")
async def projections(visit: Visit) -> View:
    """Show every read model, and what was asked for last."""
    models, jobs = await models_of(visit), await jobs_of(visit, limit=LATEST)
    shown = {
        "models": models,
        "days": by_days(visit.words, jobs),
        "is_busy": any(job.is_open for job in jobs) or any(model.rebuild for model in models.items),
    }
    return View("projections.html", visit.words("projections.title"), shown)


@pages.page("/projections/{name}")
async def projection(visit: Visit, name: str) -> View:
    """Show one read model: what is under way or became of it, what it keeps, and what waits in it."""
    models = await models_of(visit)
    model = models.named(name)
    if model is None:
        return View("unknown.html", visit.words("errors.unknown"), status=404)
    waiting = await visit.api.get(f"/projections/{name}/parked")
    if name == ANALYTICS:
        waiting = {**waiting, "parked": model.build["waiting"]}
    jobs = await jobs_of(visit, about=name, limit=LATEST)
    under_way = [job for job in jobs if job.is_open]
    shown = {
        "model": model,
        "models": models,
        "waiting": waiting,
        "most": SHOWN,
        "working": _working(under_way),
        "waiting_jobs": [job for job in under_way if job.told["state"] == "waiting"],
        "ended": _ended(jobs) if not under_way else None,
        "compared": next((job for job in jobs if _has_compared(job)), None),
        "days": by_days(visit.words, jobs),
        "progress": _progress(model, under_way),
        "is_busy": bool(under_way) or model.rebuild is not None,
    }
    return View("projection.html", model.title, shown)


def _working(under_way: Sequence[Job]) -> Job | None:
    """Return the job that is being done, and is no word to another."""
    running = (job for job in under_way if job.told["state"] == "running")
    return next((job for job in running if job.told["operation"] not in OF_REBUILDS), None)


def _ended(jobs: Sequence[Job]) -> Job | None:
    """Return the job whose end is told in the place where it was at work: the one that ended last."""
    over = (job for job in jobs if not job.is_open)
    return max(over, key=lambda job: datetime.fromisoformat(job.told["ended_at"]), default=None)


def _has_compared(job: Job) -> bool:
    return (job.told["operation"], job.told["state"]) == ("verify", "done")


def _progress(model: Model, under_way: Sequence[Job]) -> Mapping[str, Any] | None:
    """Return how far what is under way is; a rebuild tells more of itself than its job does."""
    if model.rebuild is not None:
        return model.rebuild
    working = _working(under_way)
    told = None if working is None else working.told["progress"]
    return None if told is None else {"per_second": None, "workers": [], "throttle": None, **told}
