"""Why a file is not taken, or nothing is done with one.

ImportRefusedError
├── FileTooLargeError       it has more bytes than a setting allows            413
├── NoRoomForFileError      the disk is full, or nearly                        507
├── FileUnreadableError     it is no table                                     422
├── MappingWrongError       the mapping does not fit itself or the file        422
├── UploadWrongError        what was sent has no file in it, or no name        422
├── ImportOverError         its bytes are gone, so nothing can be done with it 409
├── ImportNotBegunError     nothing of it was taken in that could be taken back 409
└── TooManyLooksError       as many files are looked at as can be at once      503
"""

from typing import Any, ClassVar


class ImportRefusedError(Exception):
    """Something about an import was refused; `facts` are what the message in the catalogue names."""

    code: ClassVar[str]
    field: ClassVar[str] = ""

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class FileTooLargeError(ImportRefusedError):
    """The file is too large; facts: limit (bytes), setting."""

    code = "file-too-large"


class NoRoomForFileError(ImportRefusedError):
    """There is no room on the disk; no facts."""

    code = "no-room-for-file"


class FileUnreadableError(ImportRefusedError):
    """The file is no table; facts: fault (a code), said (why, and what to do, in the reader's language)."""

    code = "file-unreadable"
    field = "file"


class MappingWrongError(ImportRefusedError):
    """The mapping cannot be used; facts: fault (a code), said."""

    code = "mapping-wrong"
    field = "mapping"


class UploadWrongError(ImportRefusedError):
    """What was sent is no file with a name; facts: missing."""

    code = "upload-wrong"


class ImportOverError(ImportRefusedError):
    """The bytes of the import are gone; facts: id."""

    code = "import-over"


class ImportNotBegunError(ImportRefusedError):
    """Nothing of the import was taken in; facts: id."""

    code = "import-not-begun"


class TooManyLooksError(ImportRefusedError):
    """As many files are looked at as can be at once; facts: retry_after (seconds)."""

    code = "too-many-looks"
