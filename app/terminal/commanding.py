"""How a command is given at the terminal: beside a running service or without one, by whoever types."""

from typing import Any

from pydantic import ValidationError

from aggregates.base import DomainError
from app.composition.write_side import WriteSide
from app.database import database, master_key
from app.settings import Settings
from app.terminal.console import operator, say
from app.words.problems import problem_of_item
from commands.base import Actor, Command
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from infra.log.ids import new_id
from infra.told import ToldError


class CommandRefusedError(ToldError):
    """A rule forbids what was typed, or a word of it cannot be what it is."""

    def __init__(self, why: DomainError | ValidationError) -> None:
        told = problem_of_item(why, "en")
        wrong = [one["message"] for one in told.get("errors", ())]
        super().__init__(" ".join(wrong) or f"{told['title']}. {told['detail']}")


def carry_out(settings: Settings, kind: type[Command], **fields: Any) -> Accepted:
    """Record what a command of these fields asks for; raises CommandRefusedError."""
    try:
        command = kind(**fields)
    except ValidationError as error:
        raise CommandRefusedError(error) from None
    master = master_key(settings)
    with database(settings, master, say) as urls:
        write_side = WriteSide(urls, settings, master, with_policies=False)
        write_side.start()
        try:
            actor = Actor(f"system:cli/{operator()}", "admin")
            (answer,) = write_side.carry_out([Request.of(command, actor, master.keyed_hash, command_id=new_id())])
        finally:
            write_side.stop()
    if isinstance(answer, DomainError):
        raise CommandRefusedError(answer)
    if isinstance(answer, Exception):
        raise answer
    return answer
