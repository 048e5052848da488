"""A passkey's device in software: ES256, without attestation, as browsers hand its answers over (WebAuthn, level 2)."""

import base64
import hashlib
import json
import os
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _HAS_CREDENTIAL = 0x01, 0x04, 0x40


class Authenticator:
    """Holds one key. `verifies`: whether it looks at its user's finger."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.verifies = verifies
        self.sign_count = 0
        self.user_handle = b""
        self.party = ""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(32)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """As `navigator.credentials.create`."""
        self.user_handle = _bytes(options["user"]["id"])
        self.party = options["rp"]["id"]
        point = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = bytes(16) + struct.pack(">H", len(self._id)) + self._id + cbor2.dumps(cose)
        data = self._data(_HAS_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._credential(clientDataJSON=client, attestationObject=attestation) | {"clientExtensionResults": {}}

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """As `navigator.credentials.get`; counts."""
        self.sign_count += 1
        data = self._data()
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=client, authenticatorData=data, signature=signature, userHandle=self.user_handle
        )

    def _data(self, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.party.encode()).digest() + struct.pack(">BI", flags, self.sign_count)

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        told: dict[str, Any] = {name: _text(value) for name, value in response.items()}
        return {"id": _text(self._id), "rawId": _text(self._id), "type": "public-key", "response": told}


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
