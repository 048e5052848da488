"""Envelope encryption of small secrets: AES-256-GCM, a data key for each secret, wrapped by a key-encryption key (KEK).

A secret is encrypted with a fresh data key; the data key is encrypted with the KEK, of which only the name is kept
beside the two. A new KEK means that data keys are wrapped anew, while the secrets themselves stay untouched. What a
secret belongs to (`context`) is authenticated with it: a sealed secret that is put into another row does not open.

A KEK is 32 random bytes, and its name the start of their SHA-256, so that a key and its name cannot be mixed up.
"""

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_LENGTH = 12
_PURPOSE = b"flotilla key-encryption key\0"
_SEPARATORS = re.compile(r"[\s,;]+")


class UnknownKek(Exception):
    """The KEK that it was sealed with is not at hand; the message is its name."""


class Tampered(Exception):
    """It was not sealed like this: damaged, of another context, or with another key of that name."""


class NoKek(ValueError):
    """What should be keys is none; the message says what is wrong, without what was given."""


@dataclass(frozen=True, slots=True)
class Kek:
    """A key-encryption key."""

    key: bytes = field(repr=False)

    @classmethod
    def new(cls) -> "Kek":
        return cls(AESGCM.generate_key(KEY_BYTES * 8))

    @property
    def id(self) -> str:
        """Names the key and tells nothing of it."""
        return hashlib.sha256(_PURPOSE + self.key).hexdigest()[:_ID_LENGTH]

    @property
    def text(self) -> str:
        """As `read_keks` reads it."""
        return base64.b64encode(self.key).decode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it may be stored. Texts are base64 of nonce and ciphertext."""

    kek_id: str
    wrapped_key: str = field(repr=False)
    ciphertext: str = field(repr=False)


class Keyring:
    """KEKs, the newest first: that one wraps, all of them unwrap."""

    def __init__(self, keks: Sequence[Kek]) -> None:
        self._keks: Mapping[str, Kek] = {kek.id: kek for kek in keks}
        self.newest = keks[0]

    def __contains__(self, kek_id: object) -> bool:
        return kek_id in self._keks

    @property
    def ids(self) -> list[str]:
        """Newest first."""
        return list(self._keks)

    def seal(self, secret: bytes, context: Sequence[str]) -> Sealed:
        data_key = AESGCM.generate_key(KEY_BYTES * 8)
        kek = self.newest
        wrapped = _encrypt(kek.key, data_key, _authenticated("data key", kek.id, context))
        return Sealed(kek.id, wrapped, _encrypt(data_key, secret, _authenticated("secret", "", context)))

    def open(self, sealed: Sealed, context: Sequence[str]) -> bytes:
        """The secret. Raises UnknownKek, Tampered."""
        return _decrypt(self._data_key(sealed, context), sealed.ciphertext, _authenticated("secret", "", context))

    def rewrap(self, sealed: Sealed, context: Sequence[str]) -> Sealed:
        """The same secret under the newest KEK; its ciphertext is not touched. Raises UnknownKek, Tampered."""
        data_key, kek = self._data_key(sealed, context), self.newest
        wrapped = _encrypt(kek.key, data_key, _authenticated("data key", kek.id, context))
        return Sealed(kek.id, wrapped, sealed.ciphertext)

    def _data_key(self, sealed: Sealed, context: Sequence[str]) -> bytes:
        kek = self._keks.get(sealed.kek_id)
        if kek is None:
            raise UnknownKek(sealed.kek_id)
        data_key = _decrypt(kek.key, sealed.wrapped_key, _authenticated("data key", kek.id, context))
        if len(data_key) != KEY_BYTES:
            raise Tampered
        return data_key


def read_keks(text: str) -> list[Kek]:
    """Keys in base64 or hexadecimal, the newest first, separated by white space, commas or semicolons; lines that begin
    with `#` are left out. Raises NoKek."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = [part for part in _SEPARATORS.split("\n".join(lines)) if part]
    if not found:
        raise NoKek("it holds no key")
    return [_kek_of(number, part) for number, part in enumerate(found, start=1)]


def _kek_of(number: int, text: str) -> Kek:
    try:
        if len(text) == 2 * KEY_BYTES:
            key = bytes.fromhex(text)
        else:
            key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise NoKek(f"entry {number} is not {KEY_BYTES} bytes in base64 or hexadecimal")
    if len(set(key)) == 1:
        raise NoKek(f"entry {number} is one byte repeated, which is no random key")
    return Kek(key)


def _authenticated(kind: str, kek_id: str, context: Sequence[str]) -> bytes:
    """JSON, so that no two lists of parts read the same."""
    return json.dumps(["flotilla sealed", 1, kind, kek_id, *context], separators=(",", ":")).encode()


def _encrypt(key: bytes, plain: bytes, authenticated: bytes) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, authenticated)).decode()


def _decrypt(key: bytes, text: str, authenticated: bytes) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], authenticated)
    except (InvalidTag, ValueError, binascii.Error):
        raise Tampered from None
