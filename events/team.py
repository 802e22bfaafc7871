"""What happens to a team: staff who work together under a head."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import ANNA, EAST, EAST_BY_NEW_NAME, VERA, example
from events.ids import StaffId, TeamId
from events.marks import PERSONAL
from events.values import OpenShortText, Text


@example(on=EAST, name="East", head_id=VERA)
class TeamOpened(Event):
    """Staff began to work as a new team."""

    TOPIC: ClassVar[str] = "team.opened"

    name: OpenShortText
    head_id: StaffId | None = None
    date_unknown: bool = False


@example(on=EAST, from_name="East", to_name="Key accounts")
class TeamRenamed(Event):
    """A team is called differently now."""

    TOPIC: ClassVar[str] = "team.renamed"

    from_name: OpenShortText
    to_name: OpenShortText


@example(on=EAST_BY_NEW_NAME, team_id=EAST)
class TeamNameTaken(Event):
    """A name is that of a team which was opened under another one: nobody opens a second team of this name."""

    TOPIC: ClassVar[str] = "team.name_taken"

    team_id: TeamId


@example(on=EAST, from_head_id=VERA, to_head_id=ANNA, reason="Vera leads another team")
class TeamMovedUnderHead(Event):
    """A team has another head now."""

    TOPIC: ClassVar[str] = "team.moved_under_head"

    from_head_id: StaffId | None = None
    to_head_id: StaffId | None = None
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=EAST, reason="merged with another team")
class TeamClosed(Event):
    """A team is no more; what it did stays its own."""

    TOPIC: ClassVar[str] = "team.closed"

    reason: Annotated[Text, PERSONAL]
