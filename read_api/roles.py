"""The roles there are, and the sets of them that several questions name as their right."""

from typing import Literal

Role = Literal[
    "seller", "head", "operator", "marketer", "service_agent", "analyst", "auditor", "ops", "admin", "integration"
]
Roles = frozenset[Role]
PortalRole = Literal["client", "partner"]
OF_PORTAL: frozenset[PortalRole] = frozenset({"client", "partner"})
"""As what somebody comes in for a client: they may ask what says that it is for the portal, and nothing else."""

FRONT_OFFICE: Roles = frozenset({"seller", "head", "operator", "marketer", "service_agent", "admin", "auditor"})
"""They meet clients, or answer for those who do."""

EVERYBODY: Roles = FRONT_OFFICE | frozenset[Role]({"analyst", "ops", "integration"})
"""What has no personal data in it analysts and programs may see too."""
