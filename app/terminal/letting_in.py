"""How somebody is let in from the machine itself: a token for programs that ask, a link for a browser."""

from datetime import timedelta
from typing import Annotated

import typer

Actor = Annotated[str, typer.Argument(help="The staff member's id, or the name of a program.")]
Role = Annotated[str | None, typer.Argument(help="Of a program: seller, head, operator, ops, admin, …")]


def token(
    actor: Actor,
    role: Role = None,
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="How long it is good.")] = 12,
) -> None:
    """Print a token signed with this installation's key."""
    from app.auth.issuing import issue_token
    from app.settings import Settings

    print(issue_token(Settings(), actor, role, timedelta(hours=hours)))


def console_link(actor: Actor, role: Role = None) -> None:
    """Print a link into the console of the service that runs: it lets in once, within ten minutes."""
    from app.auth.issuing import issue_token
    from app.database import master_key, running_owner_url
    from app.serving.analytics_control import noted_address
    from app.serving.console import TOKEN_LIFE, link_at
    from app.settings import Settings

    settings = Settings()
    made = issue_token(settings, actor, role, TOKEN_LIFE)
    address = noted_address(settings.var) or f"http://{settings.host}:{settings.port}"
    print(link_at(address, running_owner_url(settings), master_key(settings), made))
