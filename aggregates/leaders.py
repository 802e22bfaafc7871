"""Who led a thing when: each from the moment it became theirs, until the next one's."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Leader(NamedTuple):
    """Whose it was from `since` on."""

    since: datetime
    staff_id: UUID


Leaders = tuple[Leader, ...]
"""Oldest first. What was said last holds from its own moment on, whatever had been said of later ones."""


def led_from(leaders: Leaders, since: datetime, staff_id: UUID) -> Leaders:
    """Return who led it when, now that somebody does from a moment on."""
    return (*(each for each in leaders if each.since < since), Leader(since, staff_id))


def leading_at(leaders: Leaders, moment: datetime) -> tuple[UUID, ...]:
    """Return who led it at a moment, the first one if that is before all, and then whoever it went to after them."""
    at = sum(each.since <= moment for each in leaders)
    return tuple(each.staff_id for each in leaders[max(0, at - 1) :])
