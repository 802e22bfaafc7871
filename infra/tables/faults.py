"""What keeps a file from being read as a table."""

from infra.told import WordedError


class UnreadableFileError(WordedError):
    """A file is no table, or larger than a table may be; nothing of it was used."""
