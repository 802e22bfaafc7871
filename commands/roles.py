"""Who may do what: the sets of roles that commands name as their right.

An operator edits personal data, a manager (seller or head) edits events; a policy and an import act by their own names.
"""

SELLING = frozenset({"seller", "head", "admin"})
"""Edit events: deals, and activities that are planned or held already."""

ENTERING = frozenset({"seller", "head", "operator", "marketer", "service_agent", "admin", "integration"})
"""Enter a client, a trait or a touchpoint: whoever meets clients."""

PERSONAL = frozenset({"operator", "admin"})
"""Edit personal data that are there."""

HEADING = frozenset({"head", "admin"})
"""Decide who owns a client and where staff belong."""

ADMIN = frozenset({"admin"})
POLICY = frozenset({"policy", "head", "admin"})
IMPORT = frozenset({"import", "ops", "admin"})

ALLOWING_DUPLICATES = frozenset({"head", "operator", "admin", "import"})
ACTING_FOR_OTHERS = frozenset({"head", "admin", "integration", "import", "policy", "ops"})
