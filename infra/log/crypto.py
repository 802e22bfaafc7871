"""Keys: one per person or organisation, wrapped by the master key; and the keyed hashes that stand for identities."""

import os
import threading
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.told import ToldError

KEY_BYTES = 32
NONCE_BYTES = 12
CAPACITY = 200_000
"""Keys kept in memory; about 200 bytes each."""

RANDOM_BITS = 80
"""The lower part of a UUIDv7, below its milliseconds."""

NEIGHBOURS = 2_000
"""Keys fetched in one go: ids are time-ordered, so the next facts read most often need the next keys."""


class WrongMasterKeyError(ToldError):
    """The master key is none, or does not open the keys in this database."""


class KeyIsGoneError(Exception):
    """The subject's key does not exist (any more), so nothing encrypted with it can ever be read."""

    def __init__(self, subject_id: UUID) -> None:
        super().__init__(f"There is no key for subject {subject_id}.")
        self.subject_id = subject_id


class MasterKey:
    """The one secret of an installation: it wraps the subjects' keys, and keys the hashes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"The master key has {len(secret)} bytes; it must have {KEY_BYTES}.")
        self.secret = secret
        self._wrapper = AESGCM(self._derive(b"letopis wrap"))
        self._hash_key = self._derive(b"letopis hash")

    def __reduce__(self) -> tuple[type["MasterKey"], tuple[bytes]]:
        """Travel to our own worker processes as the secret alone; the ciphers are made there."""
        return (MasterKey, (self.secret,))

    @classmethod
    def from_file(cls, path: Path) -> "MasterKey":
        """Read the key kept in hexadecimal in a file; make one (mode 0600) when there is none.

        Raises WrongMasterKeyError for a file that holds no key.
        """
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "w") as file:
                file.write(os.urandom(KEY_BYTES).hex())
                file.flush()
                os.fsync(file.fileno())
        try:
            return cls(bytes.fromhex(path.read_text().strip()))
        except ValueError:  # what stands in it may be half a key, and is not repeated
            raise WrongMasterKeyError(
                f"{path} holds no key of {2 * KEY_BYTES} hexadecimal digits. Put it back from its backup."
            ) from None

    def _derive(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(self.secret)

    def password_for(self, name: str) -> str:
        """Return the password of a database role of this installation, so that no second secret has to be kept."""
        return self._derive(b"letopis role " + name.encode()).hex()

    def keyed_hash(self, text: str) -> bytes:
        """Return a hash that cannot be recomputed without the master key (32 bytes)."""
        # Keyed BLAKE2b is a MAC of its own (RFC 7693), and costs a sixth of HMAC-SHA256 through OpenSSL.
        return blake2b(text.encode(), key=self._hash_key, digest_size=KEY_BYTES).digest()

    def wrap(self, subject_id: UUID, key: bytes) -> bytes:
        """Encrypt a subject's key for storage."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapper.encrypt(nonce, key, subject_id.bytes)

    def unwrap(self, subject_id: UUID, wrapped: bytes) -> bytes:
        """Decrypt a stored key; raises WrongMasterKeyError."""
        try:
            return self._wrapper.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject_id.bytes)
        except InvalidTag:
            raise WrongMasterKeyError(
                "The master key is not the one this database was written with. "
                "Set LETOPIS_MASTER_KEY (or put back var/master.key) to the key it was created with."
            ) from None


class KeySource(Protocol):
    """Where the wrapped keys are, by subject."""

    def after(self, first: UUID, count: int) -> Sequence[tuple[UUID, bytes]]:
        """Return so many keys from that id on, in order of id."""
        ...

    def of(self, subject_ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        """Return the keys there are of these subjects."""
        ...


class Keyring:
    """The data keys of the subjects met of late; missing ones are fetched, new subjects get one.

    Keys are kept as they are, not as ciphers: those take 2.5 kB each, and a microsecond to make.
    """

    def __init__(self, master: MasterKey, source: KeySource, *, capacity: int = CAPACITY) -> None:
        self.master = master
        self._source = source
        self._capacity = capacity
        # By the number that a subject's id is: it is hashed in a quarter of a UUID's time.
        self._keys: dict[int, bytes] = {}
        self._wrapped: dict[UUID, bytes] = {}
        self._unsaved: dict[UUID, bytes] = {}
        self._lock = threading.Lock()

    def prepare(self, subject_ids: Iterable[UUID]) -> None:
        """Fetch the keys that these subjects have and that are not in hand, all at once."""
        wanted = {each for each in subject_ids if each.int not in self._keys}
        if wanted:
            with self._lock:
                self._make_room()
                for subject_id, wrapped in self._source.of(list(wanted)):
                    self._keys[subject_id.int] = self.master.unwrap(subject_id, wrapped)

    def _find(self, subject_id: UUID) -> bytes | None:
        """Return a subject's key that is not in hand yet; its neighbours' come with it, and are opened when used."""
        with self._lock:
            self._make_room()
            # From the beginning of its millisecond: within one, ids are in no order.
            for first, count in ((UUID(int=subject_id.int >> RANDOM_BITS << RANDOM_BITS), NEIGHBOURS), (subject_id, 1)):
                if subject_id not in self._wrapped:
                    self._wrapped.update(self._source.after(first, count))
            wrapped = self._wrapped.pop(subject_id, None)
        if wrapped is None:
            return self._keys.get(subject_id.int)
        key = self._keys[subject_id.int] = self.master.unwrap(subject_id, wrapped)
        return key

    def _make_room(self) -> None:
        """Forget the keys that came first; those that are nowhere else yet are kept."""
        if len(self._wrapped) > self._capacity:
            self._wrapped.clear()
        if len(self._keys) > self._capacity:
            kept = {each.int for each in self._unsaved}
            for number in [*islice(self._keys, self._capacity // 2)]:
                if number not in kept:
                    del self._keys[number]

    def encrypt(self, subject_id: UUID, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt for a subject (AES-256-GCM), making the subject's key if there is none yet."""
        return _encrypted(
            self._keys.get(subject_id.int) or self._find(subject_id) or self._mint(subject_id), plain, bound_to
        )

    def encrypt_first(self, subject_id: UUID, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt for a subject known to be new, without asking the database for a key."""
        return _encrypted(self._keys.get(subject_id.int) or self._mint(subject_id), plain, bound_to)

    def encrypt_known(self, subject_id: UUID, plain: bytes, bound_to: bytes) -> bytes | None:
        """Encrypt for a subject who has a key; None for one who has none (any more)."""
        key = self._keys.get(subject_id.int) or self._find(subject_id)
        return None if key is None else _encrypted(key, plain, bound_to)

    def decrypt(self, subject_id: UUID, encrypted: bytes, bound_to: bytes) -> bytes:
        """Decrypt; raises KeyIsGoneError, and cryptography's InvalidTag when the bytes were tampered with."""
        key = self._keys.get(subject_id.int) or self._find(subject_id)
        if key is None:
            raise KeyIsGoneError(subject_id)
        return AESGCM(key).decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], bound_to)

    def _mint(self, subject_id: UUID) -> bytes:
        key = self._keys[subject_id.int] = os.urandom(KEY_BYTES)
        self._unsaved[subject_id] = self.master.wrap(subject_id, key)
        return key

    def unsaved(self, subject_id: UUID) -> bytes | None:
        """Return the wrapped key that has to be stored with the subject's next facts, if it is new."""
        return self._unsaved.get(subject_id) if self._unsaved else None

    def saved(self, subject_ids: Sequence[UUID]) -> None:
        """Note that these keys are in the database."""
        for subject_id in subject_ids:
            self._unsaved.pop(subject_id, None)
        if len(self._keys) > self._capacity:
            with self._lock:
                self._make_room()

    def forget(self, subject_ids: Sequence[UUID]) -> None:
        """Drop keys from memory, to fetch what the database says (another process may have made them first)."""
        for subject_id in subject_ids:
            self._keys.pop(subject_id.int, None)
            self._wrapped.pop(subject_id, None)
            self._unsaved.pop(subject_id, None)


def _encrypted(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)
