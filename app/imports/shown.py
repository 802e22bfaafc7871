"""What is asked and told of files that were sent to be imported, as the interface describes it."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.imports.sending import body_described, mapping_from
from commands.importing.refused import UploadWrongError
from events.values import NO_NUL
from read_api.import_told import Import

Target = Literal["client", "deal", "staff", "product", "activity"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]


def target_of(given: str | None) -> Target | None:
    """Return what the rows of a file are, as a field of a form says it; raises UploadWrongError."""
    if not given:
        return None
    if given not in get_args(Target):
        raise UploadWrongError(missing=["target"], reason=", ".join(get_args(Target)))
    target: Target = given  # type: ignore[assignment]  # looked at just now
    return target


class Fault(BaseModel):
    """What is wrong with a row, or with the cell in `column`, or only doubtful (`is_doubt`), in the caller's words."""

    column: str
    code: str
    message: str
    is_doubt: bool


class PreviewedRow(BaseModel):
    """One of the first rows: its cells as they stand, what each field would say, and what is wrong with it."""

    line: int
    cells: list[str]
    fields: dict[str, str]
    faults: list[Fault]


class ImportPreview(BaseModel):
    """How a file is read and what its first rows would become; nothing is stored.

    `columns` are named by the header, or by their numbers where it has none; of the `unused` ones nothing is taken. If
    it is not `is_whole`, `rows` counts only those that were looked through. `mapping` is what the columns mean (`toml`:
    the same as a mapping file), as it was guessed or given; each may be any of the `fields`.
    """

    form: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: list[str]
    has_header: bool
    columns: list[str]
    unused: list[str]
    rows: int
    blank: int
    left_out: int
    is_whole: bool
    first: list[PreviewedRow]
    target: Target
    fields: list[str]
    mapping: dict[str, Any]
    toml: str


class SentImport(Import):
    """The import of the file that was just sent, and how it would be read."""

    preview: ImportPreview


class MappingBody(BaseModel):
    """What the columns of a file mean, as a mapping file says it (docs/import.md); without it, it is guessed anew."""

    model_config = ConfigDict(extra="forbid")

    mapping: Annotated[
        dict[str, Any] | Annotated[str, StringConstraints(max_length=100_000)] | None,
        Field(description="An object, or a text of TOML."),
    ] = None
    target: Annotated[Target, Field(description="What its rows are, where the mapping is guessed.")] = "client"
    source: Annotated[Name | None, Field(description="The name of the source, where the mapping is guessed.")] = None
    rows: Annotated[int, Field(ge=0, le=100, description="How many of the first rows to show.")] = 10

    @property
    def content(self) -> dict[str, Any] | None:
        """The mapping as an object; raises MappingWrongError."""
        return mapping_from(self.mapping) if isinstance(self.mapping, str) else self.mapping


class RunBody(BaseModel):
    """How it is to be imported."""

    model_config = ConfigDict(extra="forbid", strict=True)

    is_dry: Annotated[bool, Field(description="Ask every rule, store nothing.")] = False
    is_strict: Annotated[bool, Field(description="Refuse what one owner per client would have refused then.")] = False


class RevertBody(BaseModel):
    """Why an import is taken back; `is_dry`: only tell what would be gone, and what would stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[
        str,
        StringConstraints(min_length=1, max_length=4000, strip_whitespace=True, pattern=NO_NUL),
        Field(description="Why; it stands in the history of whatever is taken back."),
    ]
    is_dry: Annotated[bool, Field(description="Tell what would become of it, and store nothing.")] = False


SENT: dict[str, Any] = {
    "description": "The import, and how the file would be read.",
    "headers": {"Location": {"description": "Where the import is.", "schema": {"type": "string"}}},
    "links": {"import": {"operationId": "get_import", "parameters": {"import_id": "$response.body#/id"}}},
}
ACCEPTED: dict[str, Any] = {
    "description": "The import, which goes on whether or not anybody waits.",
    "headers": {"Location": {"description": "Where the import is watched.", "schema": {"type": "string"}}},
}
BODY = body_described(
    mapping={"description": "A mapping file (TOML), or the same as JSON."}, target={}, source={}, name={}
)
