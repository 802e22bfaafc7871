"""Who may do what: the sets of roles that commands name as their right.

An operator edits personal data, a manager (seller or head) edits events; a policy and an import act by their own names.
"""

from typing import Literal

Role = Literal[
    "seller",
    "head",
    "operator",
    "marketer",
    "service_agent",
    "analyst",
    "auditor",
    "ops",
    "admin",
    "integration",
    "import",
    "policy",
]
"""The roles of staff and programs (`events.values.StaffRole`), and those in which imports and policies act."""

Roles = frozenset[Role]

PROGRAM: Role = "integration"
"""In which role a program acts that comes in with a key."""

SELLING: Roles = frozenset({"seller", "head", "admin"})
"""Edit events: deals, and activities that are planned or held already."""

ENTERING: Roles = frozenset({"seller", "head", "operator", "marketer", "service_agent", "admin", "integration"})
"""Enter a client, a trait or a touchpoint: whoever meets clients."""

PERSONAL: Roles = frozenset({"operator", "admin"})
"""Edit personal data that are there."""

CORRECTING: Roles = PERSONAL | {"seller", "head"}
"""Correct a slip of the pen: an operator or an admin any, a seller or a head their own, for a while."""

HEADING: Roles = frozenset({"head", "admin"})
"""Decide who owns a client and where staff belong."""

KEPT_APART: Roles = frozenset({"seller"})
"""They lead no deal and plan no work of a client who is another's; all others stand above, or do not sell."""

ACTING_BY_ID: Roles = frozenset({"integration", "ops"})
"""They see no client, and act on those whose id they were given: programs do what their key names, ops import."""

ADMIN: Roles = frozenset({"admin"})
POLICY: Roles = frozenset({"policy", "head", "admin"})
IMPORT: Roles = frozenset({"import", "ops", "admin"})
SENDING_FILES: Roles = IMPORT - {"import"} | {"operator"}
"""Send files to be imported: an operator such of clients, since they enter personal data, and nothing else."""

ALLOWING_DUPLICATES: Roles = frozenset({"head", "operator", "admin", "import"})
ACTING_FOR_OTHERS: Roles = frozenset({"head", "admin", "integration", "import", "policy", "ops"})
