"""Why a file of a client is not taken: as a file that is to be imported is not, in words of its own.

FileTooLargeError
└── ClientFileTooLargeError  it has more bytes than a setting allows     413
UploadWrongError
├── ClientFileEmptyError     it has none                                 422
└── ClientFileNameError      nothing is left of its name once cleaned    422
"""

from commands.importing.refused import FileTooLargeError, UploadWrongError


class ClientFileTooLargeError(FileTooLargeError):
    """The file is too large; facts: limit (bytes), megabytes, setting."""

    code = "client-file-too-large"


class ClientFileEmptyError(UploadWrongError):
    """The file is empty; no facts."""

    code = "client-file-empty"
    field = "file"


class ClientFileNameError(UploadWrongError):
    """What was given as its name is none; no facts."""

    code = "client-file-name"
    field = "name"
