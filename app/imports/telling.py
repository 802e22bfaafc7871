"""How an import words what is wrong: by the importer's own words, else by those of the service's catalogue."""

from collections.abc import Mapping
from typing import Any

from commands.importing.problems import Tell, teller


def tell_in(language: str) -> Tell:
    """Return what words problems of rows, and refusals, in a language."""

    def from_catalogue(code: str, facts: Mapping[str, Any]) -> str:
        from app.words.messages import words_for

        return ". ".join(words_for(code, language, facts))

    return teller(language, from_catalogue)
