"""The command line: `letopis serve`, `projections`, `import`, `client`, `token`, `api-key`, `backup`, `doctor`, …"""

import logging
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from app.settings import Settings, misnamed, sentence_of
from app.terminal import analytics, api_key, duplicates, files, imports, letting_in
from app.terminal import database as own_database
from app.terminal import projections as operate
from app.terminal.console import out, print_json, print_table, say
from app.terminal.options import Json, Russian, language_of
from infra.told import ToldError

REFUSED = 1
INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""

app = typer.Typer(
    name="letopis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Letopis, the CRM that keeps every fact.",
)
client = typer.Typer(no_args_is_help=True, help="Look at one client.")
exports = typer.Typer(no_args_is_help=True, help="Write out for other engines.")
elsewhere = {"projections": operate.commands, "database": own_database.commands, "api-key": api_key.commands}
elsewhere |= {"analytics": analytics.commands, "import": imports.commands, "duplicates": duplicates.commands}
elsewhere |= {"files": files.commands}
for word, group in {**elsewhere, "client": client, "export": exports}.items():
    app.add_typer(group, name=word)

for command in (letting_in.token, letting_in.console_link):
    app.command()(command)

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Where the service listens; 0: any free port.")]


def settings_with(**given: object) -> Settings:
    """Return the settings, with what was typed in place of what is configured."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def show(message: str) -> None:
    """Print a result that is told in sentences."""
    out.print(message, markup=False)


@app.command()
def serve(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help="On which address to listen.")] = None,
    role: Annotated[str | None, typer.Option(help="all, api, projections, analytics or console.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that answer on this port.")] = None,
) -> None:
    """Run the service until Ctrl-C; the first start makes the database, an administrator and a demo company."""
    from app.logs import configure_logs
    from app.serving.serve import serve as run

    configure_logs()
    run(settings_with(port=port, host=host, role=role, workers=workers), say)


@app.command("bind-login")
def bind_login(
    staff_id: UUID,
    subject: Annotated[str, typer.Argument(help="What the provider's tokens say as `sub`.")],
) -> None:
    """Say who signs in under a name at the identity provider of LETOPIS_OIDC_ISSUER: for the first administrator."""
    from app.terminal.login import bind

    bind(staff_id, subject)


@app.command()
def init() -> None:
    """Make the database and enter the first administrator, whose token is shown this once; serve does the same."""
    from app.demo.company import ADMIN_ID
    from app.demo.first_start import initialise

    if not initialise(Settings(), say):
        say(f"The administrator was entered before. For another token type: letopis token {ADMIN_ID}")


@app.command()
def demo(russian: Russian = False) -> None:
    """Tell the whole story on a throw-away database; exit code 0 only if every step was true."""
    from app.demo.demo import tell

    if not tell(language_of(russian=russian), show):
        raise typer.Exit(REFUSED)


@app.command()
def doctor(port: Port = None, as_json: Json = False, russian: Russian = False) -> None:
    """Look at everything Letopis rests on: what, why it matters, how to mend it; exit code 1 if anything fails."""
    from app.doctor.examination import examine, report

    language = language_of(russian=russian)
    findings = examine(settings_with(port=port), language)
    if as_json:
        print_json(findings)
    else:
        report(findings, language, show)
    if any(one.state == "failed" for one in findings):
        raise typer.Exit(REFUSED)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet.")],
    as_json: Json = False,
) -> None:
    """Make a backup of the log, beside a running service or without one; the master key is not in it."""
    from app.terminal import backup as keep

    keep.make_backup(folder, as_json=as_json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `letopis backup` made.")],
    replace: Annotated[bool, typer.Option("--replace", help="In place of all that the database holds.")] = False,
    accept_gaps: Annotated[
        str | None, typer.Option(metavar="REASON", help="Restore though facts are gone from it; why, kept for ever.")
    ] = None,
) -> None:
    """Put a backup back, whole or not at all; read models are made anew from it when the service starts."""
    from app.terminal import backup as keep

    reason = None if accept_gaps is None else own_database.required(accept_gaps, "--accept-gaps")
    keep.put_back(folder, is_replacing=replace, accept_gaps_because=reason)


@app.command()
def status(as_json: Json = False) -> None:
    """Show how the read models are, and what is kept: how much, how large and how long."""
    from app.terminal import backup as keep

    keep.show_status(as_json=as_json)


@exports.command("log")
def export_log(
    to: Annotated[Path, typer.Option(file_okay=False, help="The folder; what it holds already is gone on from.")],
    as_json: Json = False,
) -> None:
    """Write the log as Parquet files by month, personal data still encrypted; a second run adds what is new."""
    from app.terminal.export import export_log as export

    export(to, as_json=as_json)


@client.command("history")
def client_history(client_id: UUID, as_json: Json = False) -> None:
    """Show everything that ever concerned a client: who, when, why, from which command."""
    from app.composition.decoding import decoder_at
    from app.database import database, master_key
    from infra.postgres.connection import OwnConnection
    from replay.past.history import whole_history

    settings = Settings()
    master = master_key(settings)
    with database(settings, master, say) as urls:
        borrow = OwnConnection(urls.projector)
        with borrow() as connection:
            entries = list(whole_history(connection, decoder_at(urls.projector, master), client_id))
        borrow.close()
    if not entries:
        say(f"Nothing in the log concerns {client_id}. Is it the id of a client? GET /clients?q=NAME finds ids.")
        raise typer.Exit(REFUSED)
    if as_json:
        print_json([entry._asdict() for entry in entries])
        return
    columns = ("position", "occurred", "topic", "actor", "facts")
    print_table(columns, [(e.position, f"{e.occurred_at:%Y-%m-%d %H:%M}", e.topic, e.actor, e.facts) for e in entries])


@client.command("as-of")
def client_as_of(
    client_id: UUID,
    occurred: Annotated[str | None, typer.Option(help="Only what had happened by then.")] = None,
    recorded: Annotated[str | None, typer.Option(help="Only what was known by then.")] = None,
    as_json: Json = False,
) -> None:
    """Show a client's card as it stood at a moment: 2026-06-30 (the end of that day) or 2026-06-30T12:00:00Z."""
    from app.terminal.past import card_as_of, moment_given
    from infra.log.past_log import AsOf

    settings = Settings()
    as_of = AsOf(moment_given(occurred, settings.company_zone), moment_given(recorded, settings.company_zone))
    if as_of == AsOf():
        raise typer.BadParameter("name a moment: --recorded, --occurred or both")
    card = card_as_of(settings, client_id, as_of)
    if card is None:
        say(f"No client {client_id} was known then. `letopis client history {client_id}` shows what came when.")
        raise typer.Exit(REFUSED)
    if as_json:
        print_json(card)
    else:
        print_table(("field", "then"), [(name, value) for name, value in card.items() if value not in (None, [], {})])


def main() -> None:
    """Run the command line; a known failure is a sentence that says what to do next and exit code 1, a bug is a bug."""
    from app.logs import configure_logs

    # Commands speak to people by themselves; the service turns the full log on.
    configure_logs(level=logging.WARNING)
    try:
        # A wrong setting is told whatever is asked.
        Settings()
        for misspelt in misnamed():
            say(f"letopis: {misspelt}")
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # the outermost door
        sentence = told(error)
        if sentence is None:
            raise
        say(f"letopis: {sentence}")
        sys.exit(REFUSED)


def told(error: Exception) -> str | None:
    """Return what the operator is told of a failure; None when it is a bug, which shows itself as one."""
    from infra.postgres.faults import is_lost

    if isinstance(error, ToldError):
        return str(error)
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return sentence_of(error)
    if is_lost(error):
        return f"{error}\nIs LETOPIS_DATABASE_URL right, and does that server run? `letopis doctor` looks at all of it."
    return None
