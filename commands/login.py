"""What is asked about logins: who signs in under which name at an identity provider."""

from aggregates.login import Login
from aggregates.portal_login import PortalLogin
from aggregates.staff import StaffMember
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.roles import ADMIN
from events.examples import ANNA, PROVIDER, SUBJECT, example
from events.ids import StaffId, login_of, portal_login_of
from events.values import ShortText, Text


@example(staff_id=ANNA, issuer=PROVIDER, subject=SUBJECT)
class BindLogin(Command):
    """Say who signs in under a name: `issuer` and `subject` are what the provider's tokens say as `iss` and `sub`."""

    ROLES, EDITS = ADMIN, None

    staff_id: StaffId
    issuer: ShortText
    subject: ShortText


@example(issuer=PROVIDER, subject=SUBJECT, reason="entered by mistake")
class ReleaseLogin(Command):
    """Say that whoever signs in under a name is nobody here any more."""

    ROLES, EDITS = ADMIN, None

    issuer: ShortText
    subject: ShortText
    reason: Text


@handles(BindLogin)
def bind_login(command: BindLogin, context: Context) -> Outcome:
    context.load(StaffMember, command.staff_id).check_active()
    login_id = login_of(command.issuer, command.subject)
    of_client = context.find(PortalLogin, portal_login_of(login_id))
    if of_client is not None:
        of_client.check_free()
    login = found_or_new(context, Login, login_id)
    login.bind(command.staff_id, issuer=command.issuer, subject=command.subject)
    return context.save(login)


@handles(ReleaseLogin)
def release_login(command: ReleaseLogin, context: Context) -> Outcome:
    login = context.load(Login, login_of(command.issuer, command.subject))
    login.release(command.reason)
    return context.save(login)
