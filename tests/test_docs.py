"""The documents know every setting, every command and every target there is, and name none that is not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from fastapi.routing import APIRoute

from app.settings import Settings
from app.terminal.cli import app
from projections.analytics import ANALYTICS
from read_api.activities import ActivitiesQuestion, Activity, DayQuestion
from read_api.client_card import CardQuestion, Client
from read_api.client_changes import ChangesQuestion
from read_api.client_story import TimelineQuestion
from read_api.clients import ClientsQuestion
from read_api.deals import Board, BoardQuestion, Deal, DealsQuestion
from read_api.door import MODULES
from read_api.reading.question import PastQuestion
from read_api.staff import Counters, StaffQuestion
from tests.rights_page import PAGE, page

ROOT = Path(__file__).resolve().parent.parent
TEXT = "\n".join(path.read_text("utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])
CHOICES = re.findall(r"(letopis(?: [a-z-]+)*) ([a-z-]+(?:\|[a-z-]+)+)", TEXT)
NAMED = TEXT + "".join(f"\n{stem} {each}" for stem, choices in CHOICES for each in choices.split("|"))
"""The documents, with each of `letopis projections pause|resume` by itself."""

FIGURED = (Client, Deal, Board, Activity, Counters)
"""The answers that tell figures; reports begin with the definitions of theirs."""

OF_THE_TESTS = {"LETOPIS_DATA"}
"""What the tests look at, and the service does not."""


def commands(group: Any, path: str = "letopis") -> Iterator[str]:
    """Give what can be typed, each command with its path."""
    below = getattr(group, "commands", {})
    if not below:
        yield path
    for name, each in below.items():
        # What is hidden is an older name of another.
        if not each.hidden:
            yield from commands(each, f"{path} {name}")


def test_every_setting_is_in_the_documents_and_none_that_is_not() -> None:
    there = {f"LETOPIS_{name.upper()}" for name in Settings.model_fields}
    told = set(re.findall(r"LETOPIS_[A-Z_]*[A-Z]", TEXT))
    assert there - told == set(), "say what it is for, in docs/operations.md"
    assert told - there - OF_THE_TESTS == set(), "there is no such setting"


def test_every_command_is_in_the_documents_and_none_that_is_not() -> None:
    there = set(commands(typer.main.get_command(app)))
    assert {each for each in there if not re.search(rf"{each}\b", NAMED)} == set(), "say what it is for"
    told = set(re.findall(r"(?:bin/|`|^|\s)(letopis(?: [a-z][a-z-]+)+)", NAMED, re.MULTILINE))
    unknown = {each for each in told if not any(each == one or each.startswith(f"{one} ") for one in there)}
    assert {each for each in unknown if not any(one.startswith(f"{each} ") for one in there)} == set()


def test_the_page_of_rights_says_what_is_declared() -> None:
    assert PAGE.read_text("utf-8").strip() == page().strip(), "run `make freeze`"


def test_a_port_that_is_named_goes_to_whoever_looks_at_one_and_none_goes_there_unasked() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.findall(r"letopis (serve|doctor)(.*)$", makefile, re.MULTILINE) == [
        ("serve", " $(AT)"),
        ("doctor", " $(AT)"),
    ]
    assert "PORT ?=\nAT = $(if $(PORT),--port $(PORT))\n" in makefile


def test_every_target_of_make_that_the_documents_name_is_there() -> None:
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = set(re.findall(r"`make ([a-z-]+)", TEXT))
    assert told
    assert told - there == set()


def test_every_place_that_the_page_of_figures_names_is_there_and_its_answer_refers_to_the_page() -> None:
    text = (ROOT / "docs" / "figures.md").read_text("utf-8")
    routes = (route for module in MODULES for route in module.router.routes if isinstance(route, APIRoute))
    asked = {re.sub(r"{\w+}", "{id}", route.path) for route in routes}
    told = set(re.findall(r"`(?:GET|POST) (/[\w/{}-]+)", text))
    assert told
    assert told - asked == set()
    # How long deals stood in a stage is a figure of one report alone.
    reports = {report.name for report in ANALYTICS.reports} - {"stage_history"}
    assert reports - set(re.findall(r"`(\w+)`", text)) == set()
    for answer in FIGURED:
        assert "docs/figures.md" in (answer.__doc__ or ""), answer.__name__


def test_every_parameter_of_the_great_lists_is_in_their_tables_and_none_that_is_not() -> None:
    text = (ROOT / "docs" / "lists.md").read_text("utf-8")
    told = {name for row in re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    lists = (ClientsQuestion, DealsQuestion, ActivitiesQuestion, StaffQuestion)
    kinds = (*lists, CardQuestion, ChangesQuestion, TimelineQuestion, BoardQuestion, DayQuestion, PastQuestion)
    assert told == {field.alias or name for kind in kinds for name, field in kind.model_fields.items()}
