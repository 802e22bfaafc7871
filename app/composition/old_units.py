"""Teams and branches were texts once: each that an old fact names is opened, so that it has a name, a head and an end.

Done once for a log, at the first start of a version that knows teams and branches. What old facts say of them is read
under the very ids that are opened here (`events.ids.team_named`).
"""

from collections.abc import Callable, Sequence
from uuid import UUID, uuid5

import psycopg

from commands.base import Actor, Command
from commands.branch import OpenBranch
from commands.execution.decision import Request
from commands.execution.pending import Answer
from commands.team import OpenTeam
from infra.log.checkpoints import read_checkpoint, write_checkpoint
from infra.log.log_reader import head_of

NAME = "old-units"
ACTOR = Actor(id=f"system:{NAME}", role="admin")
_SPACE = UUID("3f2b9c54-8f3e-5c5e-9a38-0d6a4be7a1c2")
_KINDS: dict[str, Callable[[str], Command]] = {
    "team": lambda name: OpenTeam(name=name),
    "branch": lambda name: OpenBranch(name=name),
}

# Only what was written before there were teams and branches: schema version 1 of the two facts that named them.
_NAMED = """
SELECT DISTINCT n.kind, n.name
FROM letopis.event AS e
CROSS JOIN LATERAL (
    VALUES
        ('team', e.body ->> 'team'), ('team', e.body ->> 'from_team'), ('team', e.body ->> 'to_team'),
        ('branch', e.body ->> 'branch'), ('branch', e.body ->> 'from_branch'), ('branch', e.body ->> 'to_branch')
) AS n (kind, name)
WHERE e.topic IN ('staff.hired', 'staff.moved')
    AND e.schema_version = 1
    AND n.name IS NOT NULL
ORDER BY 1, 2
"""

Execute = Callable[[Sequence[Request]], list[Answer]]


def open_old_units(url: str, execute: Execute, keyed_hash: Callable[[str], bytes]) -> int:
    """Open the teams and branches that old facts name, unless that was done; return how many names there were.

    `url` is the writer's. Two names that differ in spaces and capitals only are one unit, called as the first of them.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        head = head_of(connection)
        if head.position == 0 or read_checkpoint(connection, NAME):
            return 0
        named = connection.execute(_NAMED).fetchall()
        requests = [
            Request.of(_KINDS[kind](name), ACTOR, keyed_hash, command_id=uuid5(_SPACE, f"{kind}:{name}"))
            for kind, name in named
        ]
        if requests:
            # A name that is open already is refused, which is what is wanted of it.
            execute(requests)
        write_checkpoint(connection, NAME, head.position, head.event_id)
        return len(named)
