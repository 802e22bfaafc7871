"""How the bytes of a file are encrypted, piece by piece, and read again: no file has to fit into memory.

A file has a key of its own, which stands at its beginning, encrypted with the subject's key: without that one it is
noise. Each piece is encrypted with AES-256-GCM under a nonce that says its place and whether it is the last one, so a
piece that is changed, left out, moved or cut off is found (STREAM: Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.log.crypto import KEY_BYTES, NONCE_BYTES

MARK = b"LTF1"
"""How a file of ours begins, with the version of its form."""

PIECE = 64 << 10
"""Bytes of content that are encrypted at once."""

TAG = 16
HEAD = len(MARK) + NONCE_BYTES + KEY_BYTES + TAG
"""Bytes before the first piece."""

_BOUND_TO = b"letopis file"


class DamagedFileError(Exception):
    """The bytes are not those that were written, or not of this subject."""


def encrypted_size(size: int) -> int:
    """Return how many bytes a content of so many takes."""
    return HEAD + size + TAG * max(1, -(-size // PIECE))


class Encrypting:
    """Encrypts one content for a subject, by the subject's key."""

    def __init__(self, subject_key: bytes) -> None:
        key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        self._cipher = AESGCM(key)
        self._place = 0
        self._rest = bytearray()
        self.head = MARK + nonce + AESGCM(subject_key).encrypt(nonce, key, _BOUND_TO)
        """What stands before the pieces."""

    def take(self, content: bytes) -> Iterator[bytes]:
        """Yield what is to be written after the next bytes of the content."""
        self._rest += content
        # What could be the last piece waits: that it is one stands in its nonce.
        while len(self._rest) > PIECE:
            yield self._piece(bytes(self._rest[:PIECE]), is_last=False)
            del self._rest[:PIECE]

    def end(self) -> bytes:
        """Return the last piece."""
        return self._piece(bytes(self._rest), is_last=True)

    def _piece(self, content: bytes, *, is_last: bool) -> bytes:
        nonce = _nonce(self._place, is_last=is_last)
        self._place += 1
        return self._cipher.encrypt(nonce, content, None)


def decrypted(file: BinaryIO, subject_key: bytes) -> Iterator[bytes]:
    """Yield the content of a file, piece by piece; raises DamagedFileError where it is not what was written."""
    head = file.read(HEAD)
    if head[: len(MARK)] != MARK:
        raise DamagedFileError
    nonce, wrapped = head[len(MARK) : len(MARK) + NONCE_BYTES], head[len(MARK) + NONCE_BYTES :]
    try:
        cipher = AESGCM(AESGCM(subject_key).decrypt(nonce, wrapped, _BOUND_TO))
        place, piece = 0, file.read(PIECE + TAG)
        while True:
            following = file.read(PIECE + TAG)
            yield cipher.decrypt(_nonce(place, is_last=not following), piece, None)
            if not following:
                return
            place, piece = place + 1, following
    except (InvalidTag, ValueError) as error:
        raise DamagedFileError from error


def _nonce(place: int, *, is_last: bool) -> bytes:
    return place.to_bytes(NONCE_BYTES - 1, "big") + (b"\1" if is_last else b"\0")
