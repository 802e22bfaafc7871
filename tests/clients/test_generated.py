"""Clients generated from our description, by the generators that most teams use, are whole and tell the README's tour.

`make test-clients` installs the generators and runs this; `make test` leaves it out.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.demo.company import demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.system.service import ROOT, Service, demo_service, token

HERE = Path(__file__).parent
INSTALLED = ROOT / ".clients"
"""Where `make test-clients` puts the generators: a virtual environment, and node_modules."""


@pytest.fixture
def running(cluster: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[Service]:
    with demo_service(cluster, template, tmp_path) as one:
        yield one


@pytest.fixture
def description(running: Service, tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_bytes(httpx.get(f"{running.address}/openapi.json").content)
    return path


@pytest.fixture
def asked(running: Service) -> list[str]:
    """Who tells the tour where: Boris, Anna, their head and an auditor."""
    who = [(demo_id("boris"), "seller"), (demo_id("anna"), "seller"), (demo_id("head"), "head"), ("auditor", "auditor")]
    return [running.address, *(token(*each)["Authorization"].removeprefix("Bearer ") for each in who)]


def run(*words: str | Path, cwd: Path) -> str:
    """Run a program and return what it said; it must say that all went well."""
    ran = subprocess.run([str(word) for word in words], cwd=cwd, check=False, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    return said


def test_a_python_client_is_generated_without_a_warning_and_tells_the_tour(
    description: Path, asked: list[str], tmp_path: Path
) -> None:
    programs = INSTALLED / "bin"
    wanted = ["--path", str(description), "--meta", "none", "--output-path", str(tmp_path / "client")]
    # It tidies what it made with a ruff that it finds on the path; untidied it is the same client.
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\n")
    run(programs / "openapi-python-client", "generate", *wanted, "--config", config, "--fail-on-warning", cwd=tmp_path)
    shutil.copy(HERE / "tour.py", tmp_path)
    assert run(programs / "python", "tour.py", *asked, cwd=tmp_path) == "The tour is told.\n"


def test_typescript_types_are_generated_and_a_strict_compiler_takes_the_tour_told_with_them(
    description: Path, asked: list[str], tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(INSTALLED / "node_modules")
    for name in ("package.json", "tsconfig.json", "tour.ts"):
        shutil.copy(HERE / name, tmp_path)
    programs = INSTALLED / "node_modules" / ".bin"
    run(programs / "openapi-typescript", description, "--output", "schema.d.ts", cwd=tmp_path)
    run(programs / "tsc", "--project", "tsconfig.json", cwd=tmp_path)
    assert run("node", "out/tour.js", *asked, cwd=tmp_path) == "The tour is told.\n"
