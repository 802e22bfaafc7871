"""The read models as operators look after them: which there are, what is under way, and what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from read_api.console.calling import RefusedError
from read_api.console.story import is_of_staff, staff_named
from read_api.console.visit import Visit

ANALYTICS = "analytics"
"""The read model that is a file of DuckDB, in the process that has it."""

OPEN = frozenset({"waiting", "running"})
WRONG = frozenset({"failed", "abandoned"})
OF_REBUILDS = frozenset({"pause", "resume", "throttle", "cancel"})
"""What is said to a rebuild; it is soon done, and what it was said to tells of itself."""

TERMINAL = "terminal"
NO_BUILD: Mapping[str, Any] = {"generation": 0, "state": "building", "lag_seconds": 0.0, "error": None, "parked": 0}


class Model(NamedTuple):
    """A read model: the generation in use, what it keeps, the other ones, and the rebuild that is under way."""

    name: str
    title: str
    build: Mapping[str, Any]
    size: Mapping[str, Any] | None
    others: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]
    rebuild: Mapping[str, Any] | None

    @property
    def kept(self) -> tuple[Mapping[str, Any], Mapping[str, Any] | None] | None:
        """The generation that is kept for a way back, if there is one."""
        return next((one for one in self.others if one[0]["state"] == "retired"), None)


class Models(NamedTuple):
    """All of them by name, how long the log is, and the room on the disk where that is known."""

    items: Sequence[Model]
    head: int
    free_bytes: int | None

    def named(self, name: str) -> Model | None:
        """Return the one of this name."""
        return next((one for one in self.items if one.name == name), None)


class Job(NamedTuple):
    """What an operator asked for: in words, who and why, and how it ended."""

    told: Mapping[str, Any]
    title: str
    about: str
    who: str
    role: str

    @property
    def at(self) -> str:
        """When it was asked for."""
        return str(self.told["asked_at"])

    @property
    def is_open(self) -> bool:
        """Whether it waits or is being done."""
        return self.told["state"] in OPEN

    @property
    def is_wrong(self) -> bool:
        """Whether it did not come to what was wanted; a comparison that found a difference among them."""
        return self.told["state"] in WRONG or str((self.told["outcome"] or {}).get("code", "")).endswith("different")


async def models_of(visit: Visit) -> Models:
    """Return every read model; the analytics where they are here and the user may ask how they stand."""
    api = visit.api
    found, sizes, standing = await asyncio.gather(
        api.get("/projections"), api.get("/projections/sizes"), _standing_of_analytics(visit)
    )
    size_of = {(one["name"], one["generation"]): one for one in sizes["items"]}
    builds: dict[str, list[Mapping[str, Any]]] = {name: [] for name, _ in size_of}
    for build in found["items"]:
        builds.setdefault(build["name"], []).append(build)
    head = max((build["head"] for build in found["items"]), default=0)
    items = [_model(visit, name, each, head, size_of) for name, each in builds.items()]
    if standing is not None:
        items.append(_analytics(visit, standing, head))
    return Models(sorted(items, key=lambda one: one.title), head, sizes["free_bytes"])


def _model(
    visit: Visit,
    name: str,
    builds: Sequence[Mapping[str, Any]],
    head: int,
    size_of: Mapping[tuple[str, int], Mapping[str, Any]],
) -> Model:
    ranks = {"live": 0, "paused": 0, "broken": 0, "building": 1, "retired": 2}
    in_order = sorted(builds, key=lambda build: (ranks.get(build["state"], 3), -build["generation"]))
    with_size = [(build, size_of.get((name, build["generation"]))) for build in in_order]
    missing = {**NO_BUILD, "lag_events": head, "position": 0}
    (build, size), *others = with_size or [(missing, size_of.get((name, 0)))]
    rebuild = next((one["rebuild"] for one in builds if one["rebuild"]), None)
    return Model(name, title_of(visit, name), build, size, others, rebuild)


def _analytics(visit: Visit, standing: Mapping[str, Any], head: int) -> Model:
    waiting = standing["parked"]
    build = {
        "generation": None,
        "state": standing["state"],
        "position": standing["position"],
        "lag_events": max(0, head - standing["position"]),
        "lag_seconds": 0.0,
        "error": standing["problem"],
        "parked": len(waiting),
        "waiting": [{**one, "key": one["place"]} for one in waiting],
    }
    return Model(ANALYTICS, title_of(visit, ANALYTICS), build, None, (), None)


async def _standing_of_analytics(visit: Visit) -> Mapping[str, Any] | None:
    if not visit.operates("rebuild"):
        return None
    try:
        standing: Mapping[str, Any] = await visit.api.get("/projections/analytics")
    except RefusedError:
        # No process of this service has them.
        return None
    return standing


def title_of(visit: Visit, name: str) -> str:
    """Return what a read model is called among people."""
    return visit.words.known(f"view.{name}", name)


async def jobs_of(visit: Visit, **asked: Any) -> list[Job]:
    """Return jobs of operators, the latest first."""
    found = (await visit.api.get("/operations/jobs", **asked))["items"]
    names = await staff_named(visit, {one["asked_by"] for one in found if is_of_staff(one["asked_by"])})
    return [_job(visit, one, names) for one in found]


def _job(visit: Visit, told: Mapping[str, Any], names: Mapping[str, str]) -> Job:
    words, actor, role = visit.words, told["asked_by"], told["asked_as"]
    return Job(
        told,
        words.known(f"job.{told['operation']}", told["operation"]),
        title_of(visit, told["about"]) if told["about"] != told["operation"] and told["operation"] != "import" else "",
        names.get(actor) or words.actor(actor),
        words("projections.terminal") if role == TERMINAL else words.label("staff_role", role),
    )
