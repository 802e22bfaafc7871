"""What is taken away from a page: an answer as a file, and the same question as a program asks it."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from read_api.console.visit import Visit

FORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "xlsx": ("XLSX", {"headings": "words"}),
    "csv": ("CSV", {"headings": "words"}),
    "excel.csv": ("CSV · Excel", {"format": "csv", "headings": "words", "excel": "true"}),
    "parquet": ("Parquet", {}),
    "arrow": ("Arrow", {}),
    "json": ("JSON", {}),
}
"""What an answer can be taken away as: how its file ends, what that is called, and what is asked of it then."""


CALLED = {form: called for form, (called, _) in FORMS.items()}


def asked_as(form: str) -> Mapping[str, str]:
    """Return what the API is asked for a file that ends so; of what there is not it says so itself."""
    return {"format": form, **FORMS.get(form, ("", {}))[1]}


def files_at(
    path: str, query: Mapping[str, str], name: str, forms: Mapping[str, str] = CALLED
) -> list[tuple[str, str, str]]:
    """Return as which files what is at a path can be taken away: what each is called, its address and its name."""
    return [
        (called, f"{path}?{urlencode({**query, 'format': form})}", f"{name}.{form}") for form, called in forms.items()
    ]


def base_of(visit: Visit) -> str:
    """Return where the API is, as this browser reaches it."""
    return str(visit.request.base_url).rstrip("/")


def curl(address: str, body: Mapping[str, str] | None = None) -> str:
    """Return how a question is asked in a shell; one with a body by POST."""
    lines = ['curl -H "Authorization: Bearer $TOKEN"']
    if body is not None:
        lines += ['-H "Content-Type: application/json"', f"-d {_quoted(json.dumps(body, ensure_ascii=False))}"]
    return " \\\n  ".join([*lines, _quoted(address)])


def python(address: str, body: Mapping[str, str] | None = None) -> str:
    """Return how a question is asked in Python: its answer is a pyarrow.Table."""
    sent = "" if body is None else f"    data=json.dumps({_pretty(body)}).encode(),\n"
    kind = "" if body is None else ', "Content-Type": "application/json"'
    return (
        f"import {'json, ' if body is not None else ''}os, urllib.request\n\n"
        "import pyarrow as pa\n\n"
        "request = urllib.request.Request(\n"
        f"    {json.dumps(address)},\n{sent}"
        "    headers={\n"
        '        "Authorization": "Bearer " + os.environ["TOKEN"],\n'
        f'        "Accept": "application/vnd.apache.arrow.stream"{kind},\n'
        "    },\n"
        ")\n"
        "with urllib.request.urlopen(request) as answer:\n"
        "    table = pa.ipc.open_stream(answer).read_all()\n"
        "print(table)  # table.to_pandas(), polars.from_arrow(table)\n"
    )


def duckdb(sql: str) -> str:
    """Return how a question is asked of a copy of the facts, without us."""
    return f"letopis analytics copy facts.duckdb\npython -c {_quoted(_OF_A_COPY.format(sql=_triple(sql)))}"


_OF_A_COPY = """
import duckdb
with duckdb.connect("facts.duckdb", read_only=True) as facts:
    facts.sql({sql}).show()
"""


def _quoted(text: str) -> str:
    """Return a text as a shell takes it, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _pretty(body: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {_triple(value)}" for name, value in body.items()) + "}"


def _triple(text: str) -> str:
    """Return a text as Python has it: one of several lines between triple quotes, to be read."""
    if "\n" not in text:
        return json.dumps(text, ensure_ascii=False)
    return '"""\\\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'
