"""What the readers of the suite make of the log: read models that count what they miss, and an analyst's table."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple
from uuid import UUID

from infra.analytics.fact_schema import FactSchema, FactTable, Report, ReportColumn
from infra.log.envelope import AnyEvent, Envelope
from infra.projector.projection import Key, Projection
from tests.torture.plan import TOPICS

EVERY_TOPIC = (*TOPICS, "box.opened", "box.coin_dropped")


@dataclass(frozen=True)
class Noted:
    """A fact of which only the envelope matters."""

    TOPIC: ClassVar[str]

    envelope: Envelope

    @property
    def position(self) -> int:
        return self.envelope.position

    @property
    def stream_id(self) -> UUID:
        return self.envelope.stream_id

    @property
    def subject_id(self) -> UUID:
        return self.envelope.subject_id


NOTED: dict[str, type[Noted]] = {topic: type(f"Noted_{topic}", (Noted,), {"TOPIC": topic}) for topic in EVERY_TOPIC}


def decode(fact: AnyEvent) -> Noted:
    """Read a fact of any topic of the suite."""
    return NOTED[fact.envelope.topic](fact.envelope)


class HeardRow(NamedTuple):
    """A stream: its last version heard, how many facts, and how many of them came out of turn."""

    stream_id: UUID
    version: int
    facts: int
    wrong: int


class TallyRow(NamedTuple):
    """The whole log: the last position heard, and how many were skipped and how many heard again."""

    name: str
    facts: int
    last: int
    skipped: int
    doubled: int


heard = Projection("heard", HeardRow, ("stream_id",), Path(__file__).with_name("heard.sql"))
tally = Projection("tally", TallyRow, ("name",), Path(__file__).with_name("tally.sql"), partition_by="none")


@heard.on(*NOTED.values())
def heard_of(row: HeardRow | None, event: Noted, key: Key) -> HeardRow:
    row = row or HeardRow(key[0], 0, 0, 0)
    is_next = event.envelope.version == row.version + 1
    return HeardRow(row.stream_id, event.envelope.version, row.facts + 1, row.wrong + (not is_next))


@tally.on(*NOTED.values(), keys=lambda _: (("all",),))
def counted(row: TallyRow | None, event: Noted, key: Key) -> TallyRow:
    row = row or TallyRow(key[0], 0, 0, 0, 0)
    if event.position <= row.last:
        return row._replace(facts=row.facts + 1, doubled=row.doubled + 1)
    skipped = row.skipped + event.position - row.last - 1
    return row._replace(facts=row.facts + 1, last=event.position, skipped=skipped)


FACTS = FactSchema(
    (FactTable("noted", "stream_id", dict.fromkeys(EVERY_TOPIC, 1), '{"holder": "VARCHAR"}', ()),),
    (
        Report(
            "count",
            {"en": "Facts"},
            "SELECT count(*) AS facts, count(DISTINCT position) AS positions, max(position) AS last FROM noted",
            tuple(ReportColumn(name, {"en": name}) for name in ("facts", "positions", "last")),
            ("facts",),
        ),
    ),
)
