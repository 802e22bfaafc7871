"""Shows the past at the command line."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from pydantic_core import from_json

from app.composition.reading import time_machine_at
from app.database import database, master_key
from app.settings import Settings
from app.terminal.console import say
from infra.log.past_log import AsOf
from read_api.client_card import CARD
from read_api.reading.moments import moment_from
from read_api.reading.past import rows_then


def moment_given(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return the moment that was typed; raises typer.BadParameter."""
    if text is None:
        return None
    try:
        return moment_from(text, zone)
    except (ValueError, OverflowError):
        wrong = f"{text!r} is no moment: write 2026-06-30 (the end of that day) or 2026-06-30T12:00:00Z"
        raise typer.BadParameter(wrong) from None


def card_as_of(settings: Settings, client_id: UUID, as_of: AsOf) -> dict[str, Any] | None:
    """Return a client's card as it stood, None where it was not known; raises infra.log.past_log.MomentAheadError."""
    master = master_key(settings)
    with database(settings, master, say) as urls:
        machine = time_machine_at(urls.projector, master, sessions=1, seconds=settings.as_of_seconds)
        with machine.looking(as_of, client_id) as then:
            [(text, _version)] = rows_then(then, CARD, {"client_id": client_id})
    card: dict[str, Any] | None = None if text is None else from_json(text)
    return card
