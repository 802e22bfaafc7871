"""What an import must account for: every row is accepted, refused or wrong."""

from aggregates.import_run import ImportRun
from events.import_run import ImportFinished, ImportStarted
from tests.examples import FIRST_IMPORT, fact
from tests.story import given, on


def test_an_import_begins_strict_only_where_that_was_asked_for() -> None:
    given().when_asked(ImportRun, FIRST_IMPORT, lambda run: run.begin(source="old")).then(
        on(FIRST_IMPORT, ImportStarted(source="old", is_strict=False))
    )
    given().when_asked(ImportRun, FIRST_IMPORT, lambda run: run.begin(source="old", is_strict=True)).then(
        on(FIRST_IMPORT, ImportStarted(source="old", is_strict=True))
    )


def test_wrong_rows_are_rows_too() -> None:
    numbers = {"rows": 9, "accepted": 4, "refused": 3, "wrong": 2}

    given(on(FIRST_IMPORT, fact(ImportStarted))).when_asked(
        ImportRun, FIRST_IMPORT, lambda run: run.finish(**numbers)
    ).then(on(FIRST_IMPORT, ImportFinished(**numbers)))
