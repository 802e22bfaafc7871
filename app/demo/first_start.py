"""What happens once in the life of an installation: the database is made, the first administrator is entered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.auth.issuing import token_issuer
from app.auth.keys import TokenKeyError, takes_development_key
from app.composition.write_side import WriteSide
from app.database import database, master_key
from app.demo.company import ADMIN_ID, ensure_admin, load_demo_company
from app.settings import Settings
from infra.log.crypto import MasterKey

ADMIN_TOKEN_LIFE = timedelta(days=365)

Say = Callable[[str], None]


def enter_first_administrator(
    settings: Settings, master: MasterKey, write_side: WriteSide, say: Say, *, shows_token: bool = True
) -> bool:
    """Enter the first administrator and show its token; return False when that was done before."""
    if not ensure_admin(write_side.carry_out, master.keyed_hash):
        return False
    try:
        issuer = token_issuer(settings)
    except TokenKeyError as error:
        say(f"First start. The administrator's id is {ADMIN_ID}. {error}")
        return True
    if shows_token:
        token = issuer.issue(str(ADMIN_ID), None, ADMIN_TOKEN_LIFE)
        say(f"First start. The administrator's token, shown this once:\n  {token}")
    else:
        say(f"First start. The administrator's token is what this prints: letopis token {ADMIN_ID}")
    return True


def first_start(settings: Settings, master: MasterKey, write_side: WriteSide, say: Say, *, shows_token: bool) -> None:
    """Enter the first administrator once; a developer's own database also gets the demo company."""
    is_first = enter_first_administrator(settings, master, write_side, say, shows_token=shows_token)
    if is_first and settings.database_url is None:
        done = load_demo_company(write_side.carry_out, master.keyed_hash, datetime.now(UTC))
        say(f"A small demo company was entered ({done} commands).")


def initialise(settings: Settings, say: Say) -> bool:
    """Make the database, bring it to this version and enter the first administrator; False when there was one.

    Raises TokenKeyError where nobody could come in afterwards, and what `app.database.database` raises.
    """
    takes_development_key(settings)
    master = master_key(settings)
    with database(settings, master, say) as urls:
        write_side = WriteSide(urls, settings, master, with_policies=False)
        write_side.start()
        try:
            return enter_first_administrator(settings, master, write_side, say)
        finally:
            write_side.stop()
