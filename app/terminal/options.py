"""Options that more than one command has."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Russian = Annotated[bool, typer.Option("--ru", help="По-русски.")]


def language_of(*, russian: bool) -> str:
    """Return the language that was asked for."""
    return "ru" if russian else "en"
