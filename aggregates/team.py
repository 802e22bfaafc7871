"""The team: staff who work together under a head."""

from aggregates.unit import Unit, UnitFacts
from events.ids import team_named
from events.team import TeamClosed, TeamMovedUnderHead, TeamNameTaken, TeamOpened, TeamRenamed


class Team(Unit):
    """Staff who work together under a head."""

    KIND = "team"
    FACTS = UnitFacts(team_named, TeamOpened, TeamRenamed, TeamNameTaken, TeamMovedUnderHead, TeamClosed)
