"""`letopis import revert`: takes an import back, and prints what is gone, what is as it was, and what stays."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from app.composition.decoding import decoder_at
from app.terminal.console import operator, print_json, progress, say
from app.terminal.importing import Options, site, told_in
from commands.importing.revert import revert_import

if TYPE_CHECKING:
    from commands.importing.reverted import RevertReport, Stays

SHOWN = 20
"""Of what stays so much is printed; all of it with --json."""


def revert_one(import_id: UUID, reason: str, options: Options) -> bool:
    """Revert an import and print the account; return whether nothing of it stays."""
    with told_in(options.language), site(options, []) as here, progress() as bar:
        report = revert_import(
            import_id,
            here.door,
            decoder_at(here.urls.writer, here.master),
            reason=reason,
            asked_by=operator(),
            is_dry=options.is_dry,
            progress=partial(bar, "taken back"),
        )
    if options.as_json:
        print_json(report.as_dict())
    else:
        _print(report)
    return not report.kept


def _print(report: "RevertReport") -> None:
    gone = ", ".join(f"{count:,} {noun}" for noun, count in sorted(report.gone.items())) or "nothing"
    how = " (a dry run: nothing was stored)" if report.is_dry else ""
    say(
        f"Reverted in {report.seconds:.1f} s{how}: {gone} gone, "
        f"{report.restored:,} clients as they were, {report.kept:,} stay in whole or in part."
    )
    for noun, count in sorted(report.remains.items()):
        say(f"{count:>8,}  {noun}: no revert takes these back")
    for each in report.stays[:SHOWN]:
        say(f"  {each.noun} {each.id} {each.what}: {each.code}{_by(each)}")
    if len(report.stays) > SHOWN:
        say(f"  … and {len(report.stays) - SHOWN:,} more: --json tells all.")


def _by(stays: "Stays") -> str:
    deed = stays.deed
    return "" if deed is None else f", by {deed.topic} of {deed.actor} at {deed.occurred_at:%Y-%m-%d %H:%M} UTC"
