"""Everything that can be asked for: each command by its kebab-case name, each with its handler."""

from commands import activity, client, deal, history, history_activity, ownership, pipeline, product, staff
from commands.base import HANDLERS, Command

MODULES = (staff, client, ownership, activity, deal, pipeline, product, history, history_activity)
"""Named here, so that every handler is registered before anybody asks."""

COMMANDS: dict[str, type[Command]] = {command_type.command_name(): command_type for command_type in HANDLERS}
