"""A file is read back as it was written, or it is said to be damaged: never a part of it, nor another one's."""

import io
import os

import pytest

from infra.files.encryption import HEAD, PIECE, TAG, DamagedFileError, Encrypting, decrypted, encrypted_size

KEY = os.urandom(32)
SIZES = (1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7)
WHOLE = PIECE + TAG


def encrypted(content: bytes, key: bytes = KEY) -> bytes:
    """Encrypt a content that comes in pieces of an odd size."""
    encrypting = Encrypting(key)
    written = [encrypting.head]
    for first in range(0, len(content), 10_007):
        written += encrypting.take(content[first : first + 10_007])
    return b"".join([*written, encrypting.end()])


def read(stored: bytes, key: bytes = KEY) -> bytes:
    return b"".join(decrypted(io.BytesIO(stored), key))


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read_back_and_takes_as_much_room_as_is_said(size: int) -> None:
    content = os.urandom(size)
    stored = encrypted(content)
    assert read(stored) == content
    assert len(stored) == encrypted_size(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_was_cut_off_or_grew_is_damaged(size: int) -> None:
    stored = encrypted(os.urandom(size))
    places = {0, 3, HEAD, len(stored) - TAG, len(stored) - 1, *range(HEAD, len(stored), WHOLE)}
    for damaged in (*(stored[:place] for place in places), stored + b"x", stored + stored[HEAD : HEAD + WHOLE]):
        with pytest.raises(DamagedFileError):
            read(damaged)


def test_pieces_that_change_places_or_come_from_another_file_are_damage() -> None:
    stored, other = encrypted(os.urandom(3 * PIECE)), encrypted(os.urandom(3 * PIECE))
    head, first, second, third = (
        stored[:HEAD],
        *(stored[HEAD + place * WHOLE : HEAD + (place + 1) * WHOLE] for place in range(3)),
    )
    strange = other[HEAD : HEAD + WHOLE]
    for pieces in ((second, first, third), (first, third), (first, first, third), (strange, second, third), (third,)):
        with pytest.raises(DamagedFileError):
            read(head + b"".join(pieces))


def test_a_bit_anywhere_counts_and_so_does_the_key() -> None:
    stored = encrypted(os.urandom(200))
    for place in range(len(stored)):
        with pytest.raises(DamagedFileError):
            read(stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :])
    with pytest.raises(DamagedFileError):
        read(stored, os.urandom(32))


def test_the_same_content_never_looks_the_same() -> None:
    content = b"the same"
    assert encrypted(content)[HEAD:] != encrypted(content)[HEAD:]
