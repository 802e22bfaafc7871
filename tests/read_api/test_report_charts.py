"""Charts of reports: each is Vega-Lite as its own schema has it, and a picture where what draws them is installed."""

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from app.words.messages import LABELS
from infra.analytics import drawing
from infra.analytics.answer import POSITION_KEY
from infra.analytics.drawing import NotDrawnError, drawn
from infra.analytics.fact_schema import Report
from infra.postgres.embedded import EmbeddedPostgres
from projections.analytics.reports import REPORTS
from read_api.vega_lite import spec_of as spec_with
from tests.database import copy_of
from tests.read_api.office import Office, office
from tests.read_api.test_analytics import Shelf

CHARTED = [report for report in REPORTS if report.chart is not None]


STAGES = {"lead": "Первый контакт", "offer": "Предложение"}
VALUES: Mapping[str, tuple[Any, ...]] = {
    "month": ("2026-03-01", "2026-05-01"),
    "day": ("2026-03-30", "2026-03-31"),
    "currency": ("RUB", None),
    "stage": ("offer", None),
    "status": ("open", "won"),
    "outcome": ("won", "lost"),
    "reason_code": ("price", None),
    "staff": ('O\'Neil "x"', "Борис Громов"),
    "amount": ("10.50", None),
    "median_days": ("1.50", "2.00"),
    "tile": ("commit", "won"),
    "movement": ("opened", "won"),
}


def rows(report: Report) -> list[dict[str, Any]]:
    """Two rows, unlike in all."""
    return [{one.name: VALUES.get(one.name, (3, 4))[at] for one in report.columns} for at in (0, 1)]


def words(report: Report, language: str) -> dict[str, dict[str, str]]:
    lists = {one.name: LABELS[one.list] for one in report.columns if one.list is not None}
    told = {name: {code: word[language] for code, word in codes.items()} for name, codes in lists.items()}
    return {**told, "stage": STAGES}


def spec_of(report: Report, *given: Any) -> dict[str, Any]:
    assert report.chart is not None
    return spec_with(report, report.chart, *given)


@pytest.fixture(scope="module")
def checked() -> jsonschema.Draft7Validator:
    """Checks what is Vega-Lite 5, by the schema that Vega-Lite publishes."""
    found = find_spec("altair")
    assert found is not None
    assert found.origin is not None
    schema = Path(found.origin).parent / "vegalite/v5/schema/vega-lite-schema.json"
    return jsonschema.Draft7Validator(json.loads(schema.read_text("utf-8")))


@pytest.mark.parametrize("report", CHARTED, ids=lambda report: report.name)
def test_every_chart_is_vega_lite_as_its_own_schema_has_it(checked: jsonschema.Draft7Validator, report: Report) -> None:
    for language in ("en", "ru"):
        for url in (None, f"/analytics/{report.name}"):
            spec = spec_of(report, rows(report), language, words(report, language), url)
            wrong = [(list(error.absolute_path), error.message) for error in checked.iter_errors(spec)]
            assert wrong == []
            assert [one for one in ("values", "url") if one in spec["data"]] == ["values" if url is None else "url"]
    assert list(checked.iter_errors({**spec, "vconcat": [{"mark": "pie"}]})), "the schema refuses what is none"


def test_months_without_a_row_are_places_too_and_currencies_are_apart() -> None:
    [report] = [one for one in CHARTED if one.name == "monthly_sales"]
    spec = spec_of(report, rows(report), "en", {})
    deals, rub = spec["vconcat"]
    assert deals["encoding"]["x"]["scale"]["domain"] == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert rub["transform"] == [{"filter": 'datum.currency === "RUB"'}]
    assert rub["title"]["text"] == "Amount, RUB"


def test_a_picture_says_what_people_call_it_in_letters_that_are_there() -> None:
    [report] = [one for one in CHARTED if one.name == "pipeline_totals"]
    pictures = {}
    for name in ("Ёж", "Юг", "Ёж"):
        spec = spec_of(report, rows(report), "ru", {**words(report, "ru"), "stage": {"offer": name}})
        svg = drawn(spec, "svg").decode()
        assert all(text in svg for text in (name, "выиграна", "Итоги воронки", "Сумма, RUB"))
        pictures[name] = drawn(spec, "png")
    assert pictures["Ёж"].startswith(b"\x89PNG")
    assert pictures["Ёж"] != pictures["Юг"], "letters that a font has not would be alike"


def test_a_picture_is_drawn_in_time_or_not_at_all() -> None:
    spec = spec_of(CHARTED[0], rows(CHARTED[0]), "en", {})
    with pytest.raises(NotDrawnError, match="longer than"):
        drawn(spec, "svg", seconds=0.001)
    with pytest.raises(NotDrawnError):
        drawn({**spec, "vconcat": 7}, "svg")
    # What is not brought along is not fetched either.
    fetched = {**spec, "data": {"url": "https://example.org/data.json"}}
    with pytest.raises(NotDrawnError):
        drawn(fetched, "svg")


@pytest.fixture(scope="module")
def shelf(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    reports = Shelf(reports=(*CHARTED[:1], *(one for one in REPORTS if one.chart is None)))
    with copy_of(cluster, template) as database, office(database, reports=reports) as opened:
        opened.record(9)
        yield opened


def test_where_nothing_draws_it_is_said_what_to_install(shelf: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "find_spec", lambda _: None)
    name = CHARTED[0].name
    monkeypatch.setattr(type(shelf.reports), "query", lambda *_, **__: _nothing())
    for language, remedy in (("en", "brings it"), ("ru", "её даёт")):
        told = shelf.get(f"/analytics/{name}/chart?format=png", role="analyst", headers={"Accept-Language": language})
        assert (told.status_code, told.json()["code"]) == (501, "charts-not-installed")
        assert "letopis[charts]" in told.json()["detail"]
        assert remedy in told.json()["detail"]
    assert shelf.get(f"/analytics/{name}/chart", role="analyst").status_code == 200
    [first, *_] = shelf.get("/analytics", role="analyst").json()["items"]
    assert first["chart"]["formats"] == ["json"]


def _nothing() -> Any:
    empty = pa.table({name: pa.array([], pa.string()) for name in ("day", "stage", "currency", "deals", "amount")})
    return empty.replace_schema_metadata({POSITION_KEY: b"5"})


def test_a_report_without_a_chart_has_none(shelf: Office) -> None:
    name = next(one.name for one in REPORTS if one.chart is None)
    assert shelf.get(f"/analytics/{name}/chart", role="analyst").status_code == 404
    assert shelf.get("/analytics/nothing/chart", role="analyst").json()["code"] == "unknown-report"
