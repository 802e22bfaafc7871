"""Why a file of a client is not taken.

ClientFileRefusedError
├── ClientFileTooLargeError  it has more bytes than a setting allows     413
├── ClientFileEmptyError     it has none                                 422
└── ClientFileNameError      nothing is left of its name once cleaned    422
"""

from typing import Any, ClassVar


class ClientFileRefusedError(Exception):
    """A file was not taken, and nothing of it is left; `facts` are what the message in the catalogue names."""

    code: ClassVar[str]
    field: ClassVar[str] = ""

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class ClientFileTooLargeError(ClientFileRefusedError):
    """The file is too large; facts: limit (bytes), megabytes, setting."""

    code = "client-file-too-large"


class ClientFileEmptyError(ClientFileRefusedError):
    """The file is empty; no facts."""

    code = "client-file-empty"
    field = "file"


class ClientFileNameError(ClientFileRefusedError):
    """What was given as its name is none; no facts."""

    code = "client-file-name"
    field = "name"
