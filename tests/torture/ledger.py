"""What a writer knows for certain, kept where a kill -9 of it changes nothing: the commands the log acknowledged."""

import os
from pathlib import Path
from uuid import UUID


class Ledger:
    """One writer's notes, one line each; a line torn by a kill is as if it had not been written."""

    def __init__(self, path: Path) -> None:
        self.acknowledged, self.deaths = read_ledger(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # Ends a torn line.
        os.write(self._file, b"\n")

    def acknowledge(self, command_id: UUID) -> None:
        """Note, before anything else is done, that the log said a command is stored."""
        os.write(self._file, f"stored {command_id.hex}\n".encode())
        self.acknowledged.add(command_id)

    def note_death(self, step: int) -> None:
        """Note that this writer is about to kill itself in a step, so that it will not do it again."""
        os.write(self._file, f"death {step:032d}\n".encode())

    def close(self) -> None:
        """Put the pen down."""
        os.close(self._file)


def read_ledger(path: Path) -> tuple[set[UUID], set[int]]:
    """Return the acknowledged commands, and the steps in which the writer killed itself."""
    lines = [line.split() for line in path.read_text(encoding="ascii").splitlines()] if path.exists() else []
    whole = [line for line in lines if len(line) == 2 and len(line[1]) == 32]
    stored = {UUID(what) for kind, what in whole if kind == "stored"}
    return stored, {int(what) for kind, what in whole if kind == "death"}
