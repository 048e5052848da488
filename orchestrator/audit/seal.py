"""Sealing the heads of chains: whoever can write to the database, but does not have the installation's secret, can
compute hashes anew and yet not the head's seal, an HMAC-SHA256 over tenant, count and last hash.

The key is derived from the secret that signs access tokens, so `secrets.json` is kept with backups: a head that was
sealed with another key can be told as such, and not be checked.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from orchestrator.audit.chain import Head

_PURPOSE = b"flotilla audit heads"
_ID_LENGTH = 16


class Anchor(StrEnum):
    """What a head's seal tells."""

    SEALED = "sealed"
    BROKEN = "broken"
    """It was made by nobody who has the key."""
    UNSEALED = "unsealed"
    """From before there were seals."""
    OTHER_KEY = "other_key"
    """Sealed with another installation's secret, or with one that was lost."""
    UNCHECKED = "unchecked"
    """No key is at hand."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """Derived from an installation's secret."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, token_signing_key: str) -> Self:
        return cls(hmac.new(token_signing_key.encode(), _PURPOSE, hashlib.sha256).digest())

    @property
    def id(self) -> str:
        """Names the key and tells nothing of it."""
        return hashlib.sha256(self.key).hexdigest()[:_ID_LENGTH]

    def seal(self, head: Head) -> Head:
        """The same, sealed."""
        return replace(head, key_id=self.id, mac=self._mac(head))

    def anchor(self, head: Head) -> Anchor:
        if head.mac is None and head.key_id is None:
            return Anchor.UNSEALED
        if head.key_id != self.id:
            return Anchor.OTHER_KEY
        return Anchor.SEALED if hmac.compare_digest(self._mac(head), head.mac or "") else Anchor.BROKEN

    def _mac(self, head: Head) -> str:
        content = f"{head.tenant_id}\n{head.count}\n{head.hash}"
        return hmac.new(self.key, content.encode(), hashlib.sha256).hexdigest()
