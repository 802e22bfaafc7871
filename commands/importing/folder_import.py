"""Importing a folder of CSV files that belong together, by a plan: which files, in which order, and what they mean."""

import csv
import json
import tomllib
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.importing.error_file import ErrorFile
from commands.importing.file_import import begun_with, check, import_sheet, importing, nowhere, opened
from commands.importing.mapping import Mapping, make_mapping
from commands.importing.names import imported_id
from commands.importing.problems import MappingError
from commands.importing.report import Report
from commands.importing.run import Progress, WriteDoor
from commands.importing.sheet import Sheet
from commands.importing.survey import survey
from commands.staff import ImportStaff
from events.values import StaffRole


@dataclass(frozen=True)
class FolderPlan:
    """A company in several files: each by its name with its mapping; `stated_date` is that of rows without one."""

    source: str
    stated_date: date
    mappings: dict[str, dict[str, Any]]

    def mapping(self, name: str, zone: str) -> Mapping:
        """Return what a file means; dates are midnights of the zone."""
        content = {"source": self.source, "zone": zone, "stated_date": self.stated_date, **self.mappings[name]}
        return make_mapping(content, name=name)

    def said(self, zone: str) -> str:
        """Return all it says, as it is recorded with the import."""
        return json.dumps(
            {"source": self.source, "zone": zone, "files": self.mappings}, ensure_ascii=False, default=str
        )

    @property
    def deals(self) -> str:
        """The file with the deals."""
        return next(name for name, content in self.mappings.items() if content["target"] == "deal")

    @property
    def pipeline_id(self) -> UUID:
        """The pipeline its deals run through."""
        return imported_id(self.source, "pipeline", self.mappings[self.deals]["pipeline"]["name"])

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of that pipeline."""
        return tuple(stage["code"] for stage in self.mappings[self.deals]["pipeline"]["stages"])

    @property
    def currency(self) -> str:
        """What its deals are paid in."""
        return str(self.mappings[self.deals]["currency"])


def read_plan(path: Path) -> FolderPlan:
    """Read a plan (TOML)."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    files = {file.pop("name"): file for file in content["files"]}
    return FolderPlan(content["source"], content["stated_date"], files)


MAVEN = read_plan(Path(__file__).with_name("maven.toml"))


def import_folder(
    folder: Path,
    plan: FolderPlan,
    door: WriteDoor,
    *,
    zone: str,
    strict: bool = False,
    is_dry: bool = False,
    asked_by: str | None = None,
    errors: ErrorFile | None = None,
    progress: Progress | None = None,
) -> Report:
    """Import all files of the plan in its order: people before their clients, clients before their deals.

    Dates are midnights of `zone`. By default the deals are taken as they happened and those by a seller who did not
    own the client are counted as conflicts; `strict` refuses these. Raises as import_file does.
    """
    now = datetime.now(UTC)
    missing = next((name for name in plan.mappings if not (folder / name).exists()), None)
    if missing is not None:
        raise MappingError("no-such-file", name=missing, folder=folder, names=", ".join(plan.mappings))
    paths = [folder / name for name in plan.mappings]
    begin = partial(begun_with, plan.source, paths, plan.said(zone), strict=strict, asked_by=asked_by)
    with ExitStack() as stack:
        sheets = {}
        for name in plan.mappings:
            mapping = plan.mapping(name, zone)
            sheets[name] = Sheet(stack.enter_context(opened(folder / name, mapping)), mapping)
        surveys = {name: survey(sheet, now) for name, sheet in sheets.items()}
        told = stack.enter_context(errors or nowhere())
        importer = stack.enter_context(importing(door, plan.source, begin, told, progress, is_dry=is_dry))
        importer.total = sum(each.count for each in surveys.values())
        for name, sheet in sheets.items():
            if sheet.mapping.target == "staff":
                check(importer.prepare(*((head, f"head {head.name}") for head in _heads(sheet, importer.import_id))))
            import_sheet(importer, sheet, surveys[name], name=name, strict=strict)
    return importer.report


def _heads(sheet: Sheet, import_id: UUID) -> Iterable[ImportStaff]:
    """Name the heads who stand in the rows of those they lead: they come first, each with the branch told last."""
    branches = {
        head: sheet.text(record, "branch")
        for record in sheet.records()
        if (head := sheet.text(record, "head")) is not None
    }
    for head, branch in branches.items():
        yield ImportStaff(
            import_id=import_id,
            occurred_at=sheet.mapping.stated_moment,
            date_unknown=True,
            staff_id=imported_id(sheet.mapping.source, "staff", head),
            name=head,
            role=StaffRole.HEAD,
            team=head,
            branch=branch,
        )


def csv_totals(folder: Path, plan: FolderPlan, *, strict: bool = False) -> dict[str, int | str]:
    """Return what the deals come to, summed naively over the CSV, to be held against the pipeline and the analytics.

    With `strict`, only the deals the rule would have allowed: the first seller engaged with a client owns it.
    """
    mapping = plan.mappings[plan.deals]
    fields, values = mapping["fields"], mapping["values"]
    with (folder / plan.deals).open(encoding="utf-8", newline="") as file:
        deals = list(csv.DictReader(file))
    if strict:
        deals = _allowed(deals, fields, mapping["external_id"])
    counts = dict.fromkeys(("won", "lost", *plan.stages), 0)
    worth = Decimal()
    for deal in deals:
        outcome = values["outcome"][deal[fields["outcome"]]]
        stage = deal[fields["stage"]]
        counts[outcome if outcome in {"won", "lost"} else values["stage"].get(stage, stage.lower())] += 1
        if outcome == "won":
            worth += Decimal(deal[fields["amount"]])
    return {"deals": len(deals), **counts, "won_amount": str(worth), "currency": plan.currency}


def _allowed(deals: list[dict[str, str]], fields: dict[str, str], number: str) -> list[dict[str, str]]:
    owners: dict[str, str] = {}
    allowed = []
    for deal in sorted(deals, key=lambda each: (each[fields["engaged_at"]] or "9999", each[number])):
        client, seller = deal[fields["client"]], deal[fields["seller"]]
        is_approach = bool(client and deal[fields["engaged_at"]])
        if not is_approach or owners.setdefault(client, seller) == seller:
            allowed.append(deal)
    return allowed
