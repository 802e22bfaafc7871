"""`letopis export …`: writes the log out for engines that are bigger than one machine."""

from pathlib import Path

from app.database import database, master_key
from app.settings import Settings
from app.terminal.console import print_json, progress, say
from replay.export import export


def export_log(folder: Path, *, as_json: bool) -> None:
    """Write what is new in the log into the folder, and tell what was added."""
    settings = Settings()
    with database(settings, master_key(settings), say) as urls, progress() as bar:
        done = export.export_log(urls.projector, folder, lambda reached, head: bar("log", reached, head))
    if as_json:
        print_json(done)
    else:
        say(f"{folder}: {done.events:,} facts added in {done.files} files; it holds the log up to {done.position:,}")
