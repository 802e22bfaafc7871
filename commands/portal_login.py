"""What is asked about logins of the portal: for which client somebody comes in under a name at an identity provider."""

from aggregates.client import Client
from aggregates.login import Login
from aggregates.portal_login import PortalLogin
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.roles import ADMIN
from events.examples import OLGA, OLGAS_SUBJECT, PROVIDER, example
from events.ids import ClientId, login_of, portal_login_of
from events.values import PortalRole, ShortText, Text


@example(client_id=OLGA, role=PortalRole.CLIENT, issuer=PROVIDER, subject=OLGAS_SUBJECT)
class BindPortalLogin(Command):
    """Say for which client somebody comes in under a name at an identity provider: as the client, or as a partner.

    A partner is an organisation. One name is either a client's or a staff member's.
    """

    ROLES, EDITS = ADMIN, None

    client_id: ClientId
    role: PortalRole
    issuer: ShortText
    subject: ShortText


@example(issuer=PROVIDER, subject=OLGAS_SUBJECT, reason="asked for it")
class ReleasePortalLogin(Command):
    """Say that whoever signs in under a name comes in for no client any more."""

    ROLES, EDITS = ADMIN, None

    issuer: ShortText
    subject: ShortText
    reason: Text


@handles(BindPortalLogin)
def bind_portal_login(command: BindPortalLogin, context: Context) -> Outcome:
    login_id = login_of(command.issuer, command.subject)
    of_staff = context.find(Login, login_id)
    if of_staff is not None:
        of_staff.check_free()
    portal_id = portal_login_of(login_id)
    login = found_or_new(context, PortalLogin, portal_id)
    client = context.load(Client, command.client_id)
    login.bind(client, command.role, issuer=command.issuer, subject=command.subject)
    return context.save(login)


@handles(ReleasePortalLogin)
def release_portal_login(command: ReleasePortalLogin, context: Context) -> Outcome:
    login = context.load(PortalLogin, portal_login_of(login_of(command.issuer, command.subject)))
    login.release(command.reason)
    return context.save(login)
