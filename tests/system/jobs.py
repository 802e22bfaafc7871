"""What the tests of operators' jobs ask of a running service."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.system.service import Service, token

VERA, BORIS = token("vera", "ops"), token("boris", "admin")
SLOW = 1
"""Facts a second at which a rebuild of the demo company is still under way when a test is through with it."""


@dataclass(frozen=True)
class Operations:
    """The door for operators' jobs of a running service."""

    service: Service

    def post(self, name: str, who: Mapping[str, str] = VERA, **body: Any) -> httpx.Response:
        """Ask for a job; a reason is given unless the test gives another."""
        headers = {key.replace("_", "-"): body.pop(key) for key in [*body] if key[0].isupper()}
        return httpx.post(
            f"{self.service.address}/operations/{name}",
            json={"reason": "a test", **body},
            headers={**who, **headers},
            timeout=30,
        )

    def start(self, name: str, who: Mapping[str, str] = VERA, **body: Any) -> str:
        """Ask for a job that is taken, and return its id."""
        answer = self.post(name, who, **body)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/operations/jobs/{answer.json()['id']}"
        return str(answer.json()["id"])

    def get(self, path: str, who: Mapping[str, str] = VERA, **headers: str) -> httpx.Response:
        """Ask for something; `_` in the names of headers is `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{self.service.address}{path}", headers={**who, **given}, timeout=30)

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job as it is."""
        answer = self.get(f"/operations/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def until(self, job_id: str, condition: Callable[[dict[str, Any]], Any], seconds: float = 60) -> dict[str, Any]:
        """Wait until something is true of a job, and return it."""
        over = time.monotonic() + seconds
        while not condition(told := self.job(job_id)):
            assert time.monotonic() < over, told
            time.sleep(0.05)
        return told

    def ended(self, job_id: str) -> dict[str, Any]:
        """Wait for the end of a job, and return it."""
        return self.until(job_id, lambda told: told["ended_at"])

    def done(self, name: str, who: Mapping[str, str] = VERA, **body: Any) -> dict[str, Any]:
        """Ask for a job, wait for its end, and return how it ended."""
        told = self.ended(self.start(name, who, **body))
        assert told["state"] == "done", told
        outcome: dict[str, Any] = told["outcome"]
        return outcome

    def generation(self, name: str) -> int:
        """Return the generation of a read model that readers see."""
        items = self.get("/projections").json()["items"]
        (shown,) = [one["generation"] for one in items if one["name"] == name and one["is_shown"]]
        return int(shown)

    def folding(self, name: str) -> str:
        """Begin a rebuild that takes a while, and return it when it folds."""
        job_id = self.start("rebuild", projection=name, throttle=SLOW)
        self.until(job_id, lambda told: told["progress"] and told["progress"]["phase"] == "folding")
        return job_id

    @contextmanager
    def rebuilding(self, name: str) -> Iterator[str]:
        """A rebuild under way, which is cancelled if the test has not let it end."""
        job_id = self.folding(name)
        try:
            yield job_id
        finally:
            self.ended(self.start("cancel", projection=name))
            self.ended(job_id)


def projector_of(running: Service) -> int:
    """Return the process of the service that folds: the only one it starts by itself that is no helper of Python's."""
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    found = [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
    assert len(found) == 1
    return found[0]
