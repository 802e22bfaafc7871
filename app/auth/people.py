"""Who of the staff somebody is who signed in at an identity provider: what the log says, known for a second."""

from uuid import UUID

from app.auth.errors import LoginUnknownError
from app.auth.known import Known
from commands.base import Actor


class People(Known[UUID, Actor]):
    """Tells whose a login is; `ask` says who that is now, with their role, and None of who does not work here."""

    async def whose(self, login_id: UUID) -> Actor:
        """Return who that is; raises LoginUnknownError and what `ask` raises."""
        actor = await self.of(login_id)
        if actor is None:
            raise LoginUnknownError
        return actor
