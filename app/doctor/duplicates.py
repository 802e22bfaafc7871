"""What the doctor looks at of clients who may be one: how old it is what is known of them."""

from datetime import UTC, datetime

from app.doctor.patient import Patient, SkippedError

_RUN = "SELECT ended_at, records, pairs FROM read.duplicate_run"


def duplicates(patient: Patient) -> str:
    """They were looked for; nobody says how often that has to be."""
    patient.require_log()
    found = patient.query(_RUN) if patient.has_table("letopis.duplicate_run") else []
    if not found:
        raise SkippedError("never looked for: letopis duplicates find")
    ended_at, clients, pairs = found[0]
    hours = (datetime.now(UTC) - ended_at).total_seconds() / 3600
    return f"{hours:.0f} h ago, {clients:,} clients, {pairs:,} pairs"
