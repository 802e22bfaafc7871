"""Everything that can be asked for: each command by its kebab-case name, each with its handler."""

from types import ModuleType

from commands import (
    activity,
    activity_reminder,
    activity_setting,
    affiliation,
    api_key,
    branch,
    client,
    client_date,
    client_field,
    client_file,
    client_import,
    client_merge,
    client_pair,
    client_permission,
    client_relation,
    client_tag,
    contact_point,
    custom_field,
    data_notice,
    deal,
    deal_forecast,
    deal_import,
    handover,
    import_revert,
    import_revert_beside,
    import_run,
    login,
    note,
    ownership,
    pipeline,
    plan,
    portal_login,
    price_book,
    price_ladder,
    product,
    registration,
    right,
    staff,
    tax_rate,
    team,
)
from commands.base import HANDLERS, Command
from events.examples import require_example

MODULES: tuple[ModuleType, ...] = (
    branch,
    team,
    staff,
    login,
    right,
    api_key,
    client,
    client_import,
    client_pair,
    client_date,
    client_file,
    client_permission,
    client_relation,
    client_tag,
    custom_field,
    client_field,
    contact_point,
    client_merge,
    registration,
    data_notice,
    affiliation,
    ownership,
    portal_login,
    activity,
    activity_reminder,
    activity_setting,
    deal,
    deal_forecast,
    deal_import,
    note,
    handover,
    pipeline,
    product,
    tax_rate,
    price_book,
    price_ladder,
    plan,
    import_run,
    import_revert,
    import_revert_beside,
)
"""What can be asked of each noun. A handler is registered when its module is read, so each is read here."""

ALL: dict[str, type[Command]] = {command_type.command_name(): command_type for command_type in HANDLERS}

COMMANDS = {name: command_type for name, command_type in ALL.items() if command_type.HAS_DOOR}
"""Those that are asked for at POST /commands."""

for _kind in HANDLERS:
    require_example(_kind)  # a command without an example is refused here, by name, and not by the interface's page
