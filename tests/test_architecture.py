"""The house keeps its shape: who may import whom, who may speak HTTP, what the bottom may not know."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from projections.registry import PROJECTIONS

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300
"""Lines that a file of the product may have: a newcomer reads it in one sitting."""

PACKAGES = ("events", "aggregates", "commands", "projections", "read_api", "replay", "infra", "app")


def imported_modules(source: str) -> Iterator[str]:
    """Every module that a Python text imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def speaks_http(source: str) -> bool:
    return any(module.split(".")[0] in {"fastapi", "starlette"} for module in imported_modules(source))


def speaks_sql(source: str) -> bool:
    return any(module.split(".")[0] in {"psycopg", "psycopg_pool", "duckdb"} for module in imported_modules(source))


def names_the_business(text: str) -> list[str]:
    return re.findall(r"\b(?:deals?|clients?)\b", text, flags=re.IGNORECASE)


def test_every_arrow_between_the_packages_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS


def forbidden_import(contract: dict[str, Any]) -> tuple[str, str]:
    """Return a package, and what it may not import by this contract."""
    if contract["type"] == "forbidden":
        return contract["source_modules"][0], contract["forbidden_modules"][0]
    top, bottom = (contract["layers"][place].split(" | ")[0] for place in (0, -1))
    inside = f"{contract['containers'][0]}." if "containers" in contract else ""
    return inside + bottom, inside + top


def test_every_contract_can_break(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    for number, contract in enumerate(contracts):
        package, forbidden = forbidden_import(contract)
        place = tmp_path / package.replace(".", "/")
        (place / f"planted_{number}.py" if place.is_dir() else place.with_suffix(".py")).write_text(
            f"import {forbidden}"
        )
    code = "from importlinter.cli import lint_imports; lint_imports(config_filename='pyproject.toml', no_cache=True)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"}
    asked = [sys.executable, "-c", code]
    told = subprocess.run(asked, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False).stdout
    assert [one["name"] for one in contracts if f"{one['name']} BROKEN" not in told] == []


def test_no_file_of_the_product_is_longer_than_the_rule_says() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in {".py", ".sql"}]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files}
    longer = {name: length for name, length in lengths.items() if length > LONGEST}
    assert longer == {}, "split it by what it is about, as aggregates/activity_setting.py is beside activity.py"


def test_only_the_door_of_the_commands_speaks_http() -> None:
    every = (ROOT / "commands").rglob("*.py")
    speakers = {str(path.relative_to(ROOT)) for path in every if speaks_http(path.read_text("utf-8"))}
    assert speakers == {"commands/execution/door.py"}


def test_no_module_of_the_read_side_speaks_both_http_and_sql() -> None:
    texts = {str(path): path.read_text("utf-8") for path in (ROOT / "read_api").rglob("*.py")}
    assert not {name for name, text in texts.items() if speaks_http(text) and speaks_sql(text)}
    assert any(speaks_sql(text) for text in texts.values())


def test_read_models_do_not_import_each_other() -> None:
    # A read model is a module with its table's DDL beside it.
    beside = [path.with_suffix("") for path in (ROOT / "projections").rglob("*.sql")]
    models = [path for path in beside if path.with_suffix(".py").exists()]
    assert models
    names = {model: ".".join(model.relative_to(ROOT).parts) for model in models}
    broken = {
        f"{name} imports {other}"
        for model, name in names.items()
        for other in set(names.values()) - {name}
        if other in set(imported_modules(model.with_suffix(".py").read_text("utf-8")))
    }
    assert not broken


def test_the_bottom_never_names_the_business() -> None:
    files = [path for path in (ROOT / "infra").rglob("*") if path.suffix in {".py", ".sql"}]
    assert files
    told = {str(path): names_the_business(path.read_text("utf-8")) for path in files}
    assert not {name: words for name, words in told.items() if words}


def numbered_views(text: str) -> list[str]:
    """Return the views that a text names with the number of their shape."""
    return re.findall(rf"\b(?:{'|'.join(one.name for one in PROJECTIONS)})_v\d+\b", text)


def test_the_shape_of_a_view_is_named_in_one_place() -> None:
    told_of = {"tests/newcomer/additions.py", "tests/system/test_upgrade.py", "tests/test_architecture.py"}
    files = [path for part in (*PACKAGES, "tests") for path in (ROOT / part).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): numbered_views(path.read_text("utf-8")) for path in files}
    naming = {name: views for name, views in found.items() if views and name not in told_of}
    assert naming.keys() == {"read_api/views.py"}, "take the name from read_api.views, or from view_of(projection)"


def test_the_checks_above_see_what_they_look_for() -> None:
    assert speaks_http("def f():\n    from starlette.requests import Request\n")
    assert not speaks_http("import starlettes\n")
    assert speaks_sql("from psycopg.rows import dict_row\n")
    assert numbered_views("read.products_v1 and boxes_v1") == ["products_v1"]
    assert names_the_business("one row per client_id, or per Client") == ["Client"]
    assert "projections.parties.client_card" in set(imported_modules("from projections.parties import client_card\n"))
