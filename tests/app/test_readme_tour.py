"""The README keeps its word: the tour runs as written, and what it lists is what there is."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.demo.place import ROOT, Place, throw_away_place

README = (ROOT / "README.md").read_text(encoding="utf-8")
ANYTHING = "…"
BETWEEN_BLOCKS = "---- the next block ----"
LETOPIS = shlex.join([sys.executable, "-c", "from app.terminal.cli import main; main()"])
CURL = shlex.join([sys.executable, str(Path(__file__).with_name("curl.py"))])


def section(title: str) -> str:
    """Return what the README says under a heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no section {title!r}"
    return found.group(1)


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the fenced blocks, each with its language."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def is_as_told(told: Any, seen: Any) -> bool:
    """Compare an answer with what the README says; `…` stands for anything, as a member for all other members."""
    if isinstance(told, dict) and isinstance(seen, dict):
        has_others = ANYTHING in told
        named = {name: value for name, value in told.items() if name != ANYTHING}
        is_whole = named.keys() <= seen.keys() if has_others else named.keys() == seen.keys()
        return is_whole and all(is_as_told(value, seen[name]) for name, value in named.items())
    if isinstance(told, list) and isinstance(seen, list):
        return len(told) == len(seen) and all(map(is_as_told, told, seen))
    if isinstance(told, str) and ANYTHING in told and isinstance(seen, str):
        return re.fullmatch(".+".join(map(re.escape, told.split(ANYTHING))), seen) is not None
    return bool(told == seen)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A service on a database of its own, as `make run` starts it for the first time."""
    with throw_away_place("en") as running:
        yield running


def run(place: Place, script: str) -> list[str]:
    """Run the blocks of the tour in one shell and return what each printed."""
    # As written it is typed in the folder of the checkout, whose own service may run at any port.
    script = script.replace("$(cat var/", f"$(cat {shlex.quote(str(place.settings.var.resolve()))}/")
    script = script.replace(".venv/bin/letopis", LETOPIS)
    if shutil.which("curl") is None:
        script = f'curl() {{ {CURL} "$@"; }}\n{script}'
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LETOPIS_")}
    environment |= {"LETOPIS_VAR": str(place.settings.var.resolve()), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(BETWEEN_BLOCKS)


def test_the_tour_gives_the_answers_it_shows(place: Place) -> None:
    found = blocks(section("A five-minute tour"))
    scripts = [text for language, text in found if language == "sh"]
    following = [*found[1:], ("", "")]
    told = [
        json.loads(text) if language == "json" else None
        for (before, _), (language, text) in zip(found, following, strict=True)
        if before == "sh"
    ]
    assert len(scripts) > 10
    assert None not in told[1:], "every block but the first is followed by its answer"
    printed = run(place, f"echo '{BETWEEN_BLOCKS}'\n".join(scripts))
    for script, answer, output in zip(scripts, told, printed, strict=True):
        if answer is not None:
            seen = json.loads(output)
            assert is_as_told(answer, seen), f"{script}\nprinted {output}\nand the README says {answer}"


def test_an_answer_that_changed_is_noticed() -> None:
    told = {"name": "Anna", "since": "day …", "items": [{"a": 1, ANYTHING: ANYTHING}]}
    assert is_as_told(told, {"name": "Anna", "since": "day 7", "items": [{"a": 1, "b": 2}]})
    assert not is_as_told(told, {"name": "Boris", "since": "day 7", "items": [{"a": 1}]})
    assert not is_as_told(told, {"name": "Anna", "since": "now", "items": [{"a": 1}]})
    assert not is_as_told(told, {"name": "Anna", "since": "day 7", "items": [{"b": 1}]})
    assert not is_as_told(told, {"name": "Anna", "since": "day 7", "items": []})
    assert not is_as_told(told, {"name": "Anna", "since": "day 7", "items": [{"a": 1}], "more": 1})


def test_every_dependency_says_why_it_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    clients = ROOT / "tests" / "clients"
    wanted += (clients / "requirements.in").read_text(encoding="utf-8").split()
    wanted += json.loads((clients / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    names = {re.split(r"[\[~>=<]", one)[0] for one in wanted}
    rows = re.findall(r"^\| ([\w, /@-]+) \| (.+) \|$", section("Dependencies"), re.MULTILINE)
    told = {name.strip() for row, _ in rows for name in row.split(",")} - {"package"}
    assert told == names


def test_every_make_target_is_listed() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):[^#\n]*## ", makefile, re.MULTILINE)) - {"help"}
    assert set(re.findall(r"`make ([a-z-]+)`", section("make"))) == targets


def test_every_file_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:[\w]+/)+[\w.]+\.(?:py|sql|toml))`", README))
    named |= {f"{folder}/" for folder in re.findall(r"^\| `(\w+)/` \|", section("Folders"), re.MULTILINE)}
    named |= set(re.findall(r"\]\(((?!http)[^)]+)\)", README))
    assert len(named) > 20
    assert not {name for name in named if not (ROOT / name).exists()}
