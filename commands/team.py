"""What is asked about teams: to open them, to call them otherwise, to put them under a head, to close them."""

from aggregates.team import Team
from commands.base import Command, Context, Outcome, handles
from commands.roles import HEADING
from commands.unit import close, move_under_head, open_unit, rename
from events.examples import ANNA, EAST, VERA, example
from events.ids import StaffId, TeamId
from events.values import ShortText, Text


@example(name="East", head_id=VERA)
class OpenTeam(Command):
    """Open a team, or a closed one again; its id is that of its name."""

    ROLES, EDITS = HEADING, None

    name: ShortText
    head_id: StaffId | None = None


@example(team_id=EAST, name="Key accounts")
class RenameTeam(Command):
    """Give a team another name; the old one stays its own too."""

    ROLES, EDITS = HEADING, None

    team_id: TeamId
    name: ShortText


@example(team_id=EAST, head_id=ANNA, reason="Vera leads another team")
class MoveTeamUnderHead(Command):
    """Put a team under another head, or under none."""

    ROLES, EDITS = HEADING, None

    team_id: TeamId
    head_id: StaffId | None
    reason: Text | None = None


@example(team_id=EAST, reason="merged with another team")
class CloseTeam(Command):
    """Close a team: nobody joins it any more, and who is there stays until moved."""

    ROLES, EDITS = HEADING, None

    team_id: TeamId
    reason: Text


@handles(OpenTeam)
def open_team(command: OpenTeam, context: Context) -> Outcome:
    return open_unit(context, Team, command.name, command.head_id)


@handles(RenameTeam)
def rename_team(command: RenameTeam, context: Context) -> Outcome:
    return rename(context, Team, command.team_id, command.name)


@handles(MoveTeamUnderHead)
def move_team_under_head(command: MoveTeamUnderHead, context: Context) -> Outcome:
    return move_under_head(context, Team, command.team_id, command.head_id, command.reason)


@handles(CloseTeam)
def close_team(command: CloseTeam, context: Context) -> Outcome:
    return close(context, Team, command.team_id, command.reason)
