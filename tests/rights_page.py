"""The page of docs that says what each role may do and see, written from the declarations: `make freeze` renews it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

from aggregates.right import DEFAULT_SCOPES, FIXED
from app.operations.bodies import OPERATIONS
from app.words.messages import LABELS
from commands.registry import COMMANDS
from commands.standing import NOTHING, may_ask
from events.values import EditedKind, SeenKind, StaffRole
from infra.rights import RIGHTS
from read_api.door import MODULES
from read_api.roles import OF_PORTAL, Role

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rights.md"
ROLES = tuple(get_args(Role))
assert MODULES  # every question is declared

_HEAD = """# Rights

Written by `make freeze` from the declarations. What holds now, with what was granted, is at `GET /rights`, and for
oneself at `GET /me`. Who sees what, and why so: [ADR 40](adr/0040-who-sees-what.md); who may act on what:
[ADR 41](adr/0041-one-acts-on-what-one-sees.md). Besides the role, the rules of the business decide: a seller leads only
what is of a client they own or nobody owns ([ADR 32](adr/0032-who-leads-what.md)).

## What each role sees

Until `grant-scope` says otherwise. *Own*: what they own, lead, do or take part in. *Team*: that of their team, of teams
that they head, of whom they are the head; *branch*: that of their branch or of branches that they head as well. Clients
who are nobody's are seen by all who see anybody's. *Texts* are what people wrote about activities and in notes. A fixed
scope cannot be granted otherwise.

"""
_PORTAL = """
## What clients and partners may ask

Who signs in for a client, in the role `client` or `partner`, may ask {questions}, and nothing else
([ADR 42](adr/0042-clients-and-partners-sign-in.md)).
"""


_ACTING = """
## What each role may act on

One acts on what one sees: a command that names a client, deal or activity out of its actor's sight is told 404
`not-found`, as one that names an id that was never given. Known all the same is who takes part in a deal or activity
that the command names as well, and that they see. A client in use may be named by whoever was told the id (by
`POST /clients/owners` or `duplicate-client`) in two commands: `record-activity` records contact that comes in, and
`claim-client` says whose the client is. Under an id that is taken nothing is made, whoever sees it
(`already-exists`). Programs act on what they were given the id of, within what their key names, and so does `ops`, who
imports.

## What can be granted to be done

An administrator gives a role all commands of a kind (`grant-editing`, extent `all`), or none, or those that are marked
for it below (`usual`, until then). The roles whose scope is fixed are fixed in this as well. What is granted reaches no
further than what the role sees, and the rules of the business go on to decide: whoever is no operator corrects what
they entered themselves. A command of no kind is for the roles marked below, and no others.

"""


def _table(corner: str, columns: Iterable[str], rows: Mapping[str, Iterable[str]]) -> str:
    names = list(columns)
    lines = [f"| {corner} | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())]) + "\n"


def _marked(roles: Iterable[str]) -> list[str]:
    named = frozenset(roles)
    return ["●" if role in named else "" for role in ROLES]


def page() -> str:
    """Return the whole page."""
    scopes = {
        f"`{role.value}`": [
            *(LABELS["scope"][DEFAULT_SCOPES[role][kind].value]["en"] for kind in SeenKind),
            "fixed" if role in FIXED else "",
        ]
        for role in StaffRole
    }
    declared = sorted(COMMANDS.items())
    commands = {
        f"`{name}`": _marked(role for role in ROLES if may_ask(command, role, NOTHING)) for name, command in declared
    }
    kinds = {
        f"`{kind.value}`": [", ".join(f"`{name}`" for name, command in declared if command.EDITS is kind)]
        for kind in EditedKind
    }
    operations = {f"`{name}`": _marked(OPERATIONS[name].ROLES) for name in sorted(OPERATIONS)}
    questions = {f"`{name}`": _marked(roles) for name, roles in sorted(RIGHTS.items())}
    return (
        _HEAD
        + _table("role", [kind.value for kind in SeenKind] + [""], scopes)
        + _ACTING
        + _table("kind", ["commands"], kinds)
        + "\n## What each role may ask to be done\n\n"
        + _table("command", ROLES, commands)
        + "\n## What operators may ask to be done to read models\n\n"
        + _table("operation", ROLES, operations)
        + "\n## What each role may ask to be told\n\n"
        + _table("question", ROLES, questions)
        + _PORTAL.format(
            questions=", ".join(f"`{name}`" for name, roles in sorted(RIGHTS.items()) if roles & OF_PORTAL)
        )
    )
