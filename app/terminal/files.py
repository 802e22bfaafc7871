"""`letopis files`: compare what lies in the folder of files with what the facts say."""

import typer

from app.terminal.options import Json

commands = typer.Typer(no_args_is_help=True, help="The files of clients.")


@commands.callback()
def files() -> None:
    """Look after the files of clients."""


@commands.command("verify")
def verify(as_json: Json = False) -> None:
    """Compare every file with its digest; exit code 1 where one is lacking or damaged."""
    from app.database import database, master_key
    from app.files.standing import beside, checked
    from app.settings import Settings
    from app.terminal.console import print_json, print_table, say
    from infra.files.folder import FilesFolder
    from infra.postgres.connection import connect

    settings = Settings()
    folder = FilesFolder(settings.files_folder)
    with database(settings, master_key(settings), say) as urls, connect(urls.owner) as connection:
        found = checked(connection, folder, is_thorough=True)
    around = beside(folder)
    if as_json:
        told = {"files": found.files, "lacking": [one._asdict() for one in found.lacking], **around._asdict()}
        print_json(told)
    else:
        if found.lacking:
            rows = [(str(one.client_id), str(one.file_id)) for one in found.lacking]
            print_table(("client", "file without its bytes"), rows)
        say(f"{found.files:,} files, {len(found.lacking)} without whole bytes; not settled: {around.unsettled}.")
    if found.lacking:
        raise typer.Exit(1)
