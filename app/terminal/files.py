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
    from app.files.place import files_folder
    from app.files.standing import beside, kept, lacking
    from app.settings import Settings
    from app.terminal.console import print_json, print_table, say
    from infra.postgres.connection import connect

    settings = Settings()
    folder = files_folder(settings)
    with database(settings, master_key(settings), say) as urls, connect(urls.owner) as connection:
        there = kept(connection)
        wrong = [] if there is None else [*lacking(connection, folder, is_thorough=True)]
    around = beside(folder)
    if as_json:
        told = {"files": there and there.files, "lacking": [one._asdict() for one in wrong], **around._asdict()}
        print_json(told)
    elif there is None:
        say("It is not known yet which files there are: the view client_files is being built. Start the service once.")
    else:
        print_table(("client", "file without its bytes"), [(str(one.client_id), str(one.file_id)) for one in wrong])
        say(f"{there.files:,} files, {len(wrong)} of them without whole bytes; not settled: {around.unsettled}.")
    if wrong or there is None:
        raise typer.Exit(1)
