"""A conflict: what others did while somebody looked, and what that somebody wants. Both are shown, and they decide."""

from collections.abc import Sequence
from typing import NamedTuple

from read_api.console.calling import RefusedError
from read_api.console.forms import Field
from read_api.console.page import known_or_refused
from read_api.console.story import Line, latest
from read_api.console.subjects import Subject
from read_api.console.visit import Visit


class Conflict(NamedTuple):
    """What was recorded meanwhile, the oldest first; what was wanted, by the names of the fields."""

    meanwhile: Sequence[Line]
    wanted: Sequence[tuple[str, str]]


async def conflict_of(
    visit: Visit, about: Subject | None, seen: str, refused: RefusedError, fields: Sequence[Field]
) -> Conflict:
    """Return both sides of a command that was refused because what it is about is not as it was `seen` any more.

    What was recorded of a deal whose client is not known, or not seen, is not told.
    """
    wanted = [(visit.words(f"field.{field.label}"), _said(field)) for field in fields if field.value]
    now, of = refused.problem.get("version"), None if about is None else about.of
    if not isinstance(now, int) or not seen.isdigit() or now <= int(seen) or of is None or of["client_id"] is None:
        return Conflict((), wanted)
    stream_id = of.get("deal_id") or of["client_id"]
    told = await known_or_refused(latest(visit, of["client_id"], stream_id, now - int(seen)))
    return Conflict(() if isinstance(told, RefusedError) else told, wanted)


def _said(field: Field) -> str:
    return dict(field.choices).get(field.value, field.value)
