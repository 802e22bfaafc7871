"""What the console has from others is what the registry gave, and small enough."""

import gzip
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from read_api.console.assets import content, files
from read_api.console.drawing import HERE
from tests.vendored import PLACE, book, sums

OWN_LINES = 1_500
"""Lines of JavaScript of our own, at most."""


def size(*names: str) -> int:
    """Return how many bytes these files take on their way, compressed where that helps."""
    contents = ((name, content(name)) for name in names)
    return sum(len(each) if name.endswith("woff2") else len(gzip.compress(each, 9)) for name, each in contents)


def test_every_file_of_others_is_as_the_registry_gave_it() -> None:
    assert sums() == book()["sha256"], "run `make vendor`"


@pytest.mark.parametrize("package", book()["package"], ids=lambda package: package["name"])
def test_each_says_its_version_licence_and_integrity(package: dict[str, str]) -> None:
    assert package["integrity"].startswith("sha512-")
    assert package["licence"]
    assert any(name.endswith("LICENSE") for name in package["files"])


def test_a_first_visit_loads_little_and_the_next_ones_nothing() -> None:
    scripts = [name for name in files() if name.endswith(".js")]
    assert size(*scripts) <= 30_000
    others = [name for name in files() if name.endswith(".css") and name != "console.css"]
    sheets = [
        re.findall(r"asset\('([\w-]+\.css)'\)", each.read_text("utf-8")) for each in HERE.glob("templates/*.html")
    ]
    # Every page has the first, and one of the others at most.
    assert {name for page in sheets for name in page} == {"console.css", *others}
    assert max(len(page) for page in sheets) == 1
    assert size("console.css") + max(size(name) for name in others) <= 8_000
    assert size(*(name for name in files() if name.endswith(".woff2"))) <= 90_000


def test_the_sheet_of_a_page_comes_after_the_one_for_everybody() -> None:
    # Of two rules in one layer the later one holds.
    link = '<link rel="stylesheet"'
    for each in HERE.glob("templates/*.html"):
        text = each.read_text("utf-8")
        assert each.name == "base.html" or text.count(link) == text.count("{% block sheet %}" + link), each.name


def test_our_own_script_is_short_and_runs_nothing_that_is_a_text() -> None:
    own = [path for name, path in files().items() if name.endswith(".js") and PLACE not in path.parents]
    assert sum(len(path.read_text("utf-8").splitlines()) for path in own) <= OWN_LINES
    for path in own:
        text = path.read_text("utf-8")
        assert not [word for word in ("eval(", "innerHTML", "Function(", "document.write") if word in text], path.name
        # What is left out on the way, comments and indentation, is in no text.
        assert not [
            line for line in text.splitlines() if line.count("`") % 2 or re.search(r"/\*(?!\*)|[\"'`]/\*", line)
        ]


def test_what_is_installed_has_every_file(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=HERE.parents[1], capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    ours = [path for path in HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {str(path.relative_to(HERE.parents[1])) for path in ours} <= packed
