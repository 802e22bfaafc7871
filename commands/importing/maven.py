"""The company of the Maven Analytics data set "CRM Sales Opportunities": its folder of four CSV files."""

import csv
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.importing.csv_file import CsvFile, read_csv
from commands.importing.file_import import check, import_id_of, import_sheet, importing
from commands.importing.mapping import Mapping, make_mapping
from commands.importing.names import imported_id
from commands.importing.problems import MappingError, Tell, teller
from commands.importing.report import ErrorFile, Report
from commands.importing.run import Progress, WriteDoor
from commands.importing.sheet import Sheet
from commands.staff import ImportStaff
from events.values import StaffRole

SOURCE = "maven"
FIRST_DAY = date(2016, 10, 20)
"""The first day of the data set: what has no date is entered under it, marked as undated."""

FILES = ("sales_teams.csv", "accounts.csv", "products.csv", "sales_pipeline.csv")

MAPPINGS: dict[str, dict[str, Any]] = {
    "sales_teams.csv": {
        "target": "staff",
        "external_id": "sales_agent",
        "fields": {"name": "sales_agent", "team": "manager", "head": "manager", "branch": "regional_office"},
    },
    "accounts.csv": {
        "target": "client",
        "external_id": "account",
        "fields": {
            "kind": {"value": "organisation"},
            "name": "account",
            "sector": "sector",
            "year_founded": "year_established",
            "annual_revenue": {"column": "revenue", "unit": "million USD"},
            "employees": "employees",
            "location": "office_location",
            "parent": "subsidiary_of",
        },
        "values": {"sector": {"technolgy": "technology"}, "location": {"Philipines": "Philippines"}},
    },
    "products.csv": {
        "target": "product",
        "external_id": "product",
        "fields": {"name": "product", "series": "series", "alias": "product"},
        "values": {"alias": {"GTX Pro": "GTXPro"}},
    },
    "sales_pipeline.csv": {
        "target": "deal",
        "external_id": "opportunity_id",
        "currency": "USD",
        "pipeline": {
            "name": "Maven",
            "stages": [
                {"code": "prospecting", "name": "Prospecting", "probability": 10},
                {"code": "engaging", "name": "Engaging", "probability": 50},
            ],
        },
        "fields": {
            "client": "account",
            "seller": "sales_agent",
            "product": "product",
            "stage": "deal_stage",
            "outcome": "deal_stage",
            "engaged_at": "engage_date",
            "closed_at": "close_date",
            "amount": "close_value",
        },
        "values": {
            "product": {"GTXPro": "GTX Pro"},
            "stage": {"Won": "engaging", "Lost": "engaging"},
            "outcome": {"Won": "won", "Lost": "lost", "Engaging": "none", "Prospecting": "none"},
        },
    },
}


def import_maven(
    folder: Path,
    door: WriteDoor,
    *,
    zone: str,
    strict: bool = False,
    is_dry: bool = False,
    stated_date: date = FIRST_DAY,
    error_file: Path | None = None,
    tell: Tell | None = None,
    progress: Progress | None = None,
) -> Report:
    """Import the whole company: staff with their heads, accounts, products, then the deals in order of time.

    Dates are midnights of `zone`. By default the deals are taken as they happened and those by a seller who did not
    own the account are counted as conflicts; `strict` refuses these. Raises as import_file does.
    """
    now = datetime.now(UTC)
    sheets = {name: Sheet(_read(folder / name), _mapping(name, zone, stated_date), now=now) for name in FILES}
    import_id = import_id_of(SOURCE, *((folder / name).read_bytes() for name in FILES), strict=strict)
    with (
        ErrorFile(error_file, tell or teller("en")) as errors,
        importing(door, SOURCE, import_id, errors, progress, strict=strict, is_dry=is_dry) as importer,
    ):
        importer.total = sum(len(sheet.records) for sheet in sheets.values())
        heads = list(_heads(sheets["sales_teams.csv"], import_id))
        check(importer.prepare(*((head, f"head {head.name}") for head in heads)))
        for name, sheet in sheets.items():
            import_sheet(importer, sheet, import_id, name=name, strict=strict)
    return importer.report


def _read(path: Path) -> CsvFile:
    try:
        return read_csv(path, encoding="utf-8", delimiter=",")
    except FileNotFoundError:
        raise MappingError(
            f"There is no {path.name} in {path.parent}: name the folder with {', '.join(FILES)}."
        ) from None


def _mapping(name: str, zone: str, stated_date: date) -> Mapping:
    content = {"source": SOURCE, "zone": zone, "stated_date": stated_date, **MAPPINGS[name]}
    return make_mapping(content, name=name)


def _heads(sheet: Sheet, import_id: UUID) -> Iterable[ImportStaff]:
    """Name the managers: they stand in the agents' rows and nowhere else."""
    offices = {manager: office for _, manager, office in (record.cells for record in sheet.records)}
    for manager, office in offices.items():
        yield ImportStaff(
            import_id=import_id,
            occurred_at=sheet.mapping.stated_moment,
            date_unknown=True,
            staff_id=imported_id(SOURCE, "staff", manager),
            name=manager,
            role=StaffRole.HEAD,
            team=manager,
            branch=office,
        )


def csv_totals(folder: Path, *, strict: bool = False) -> dict[str, int | str]:
    """Return what the deals come to, summed naively over the CSV, to be held against the pipeline and the analytics.

    With `strict`, only the deals the rule would have allowed: the first seller engaged with an account owns it.
    """
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        deals = list(csv.DictReader(file))
    if strict:
        deals = _allowed(deals)
    stages = [deal["deal_stage"] for deal in deals]
    worth = sum((Decimal(deal["close_value"]) for deal in deals if deal["deal_stage"] == "Won"), Decimal())
    counts = {stage.lower(): stages.count(stage) for stage in ("Won", "Lost", "Engaging", "Prospecting")}
    return {"deals": len(deals), **counts, "won_amount": str(worth), "currency": "USD"}


def _allowed(deals: list[dict[str, str]]) -> list[dict[str, str]]:
    owners: dict[str, str] = {}
    allowed = []
    for deal in sorted(deals, key=lambda each: (each["engage_date"] or "9999", each["opportunity_id"])):
        account, seller = deal["account"], deal["sales_agent"]
        is_approach = bool(account and deal["engage_date"])
        if not is_approach or owners.setdefault(account, seller) == seller:
            allowed.append(deal)
    return allowed
