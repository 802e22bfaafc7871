"""PostgreSQL's own tools, as they come with Letopis: they work on the embedded server and on any other one."""

import os
import subprocess
from pathlib import Path

from psycopg.pq import Conninfo

from infra.postgres.embedded_place import shipped_binaries
from infra.told import ToldError

TOOLS_VERSION = 18
"""The tools read servers of this version and of older ones."""

WORDS_KEPT = 2_000
"""Characters of what a failed tool said that are told on."""


class ToolFailedError(ToldError):
    """One of PostgreSQL's tools did not do what it was asked; says in its own words why."""

    def __init__(self, tool: str, words: str) -> None:
        super().__init__(f"PostgreSQL's {tool} failed. It said:\n{words.strip()[-WORDS_KEPT:]}")


def tool(name: str) -> Path:
    """Return where a tool is; raises infra.postgres.embedded.EmbeddedPostgresError when this environment has none."""
    return shipped_binaries() / "bin" / name


def environment_for(url: str) -> dict[str, str]:
    """Return the environment in which a tool finds the database and its password.

    A command line can be read by everybody on the machine, an environment only by its user.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LETOPIS_")}
    options = [one for one in Conninfo.parse(url.encode()) if one.val is not None and one.envvar is not None]
    return kept | {one.envvar.decode(): one.val.decode() for one in options if one.envvar and one.val is not None}


def run_tool(name: str, *arguments: str | Path, url: str) -> None:
    """Run a tool on a database to its end; raises ToolFailedError."""
    done = subprocess.run(
        [str(tool(name)), *map(str, arguments)],
        env=environment_for(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise ToolFailedError(name, done.stderr)
