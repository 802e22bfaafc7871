"""What operators do when the log is ahead of the clock."""

import psycopg

from app.database import database, master_key
from app.settings import Settings
from app.terminal.console import operator, say
from infra.log.clock import accept_clock


def accept(reason: str) -> None:
    """Record that the clock is right, and say which facts were recorded by one that was not."""
    settings = Settings()
    with database(settings, master_key(settings), say) as urls, psycopg.connect(urls.owner, autocommit=True) as owner:
        accepted = accept_clock(owner, reason=reason, actor=operator())
    if accepted is None:
        say("The last fact is not later than the clock says, so nothing changed.")
        return
    first, last = accepted
    say(f"on record: the times of the facts from position {first} to {last} are wrong; those of the next ones are not")
