"""The key by which push services know this installation (RFC 8292), and what is sent with it.

It is made of the installation's signing key, as the audit's seals are: nothing more is kept anywhere, all processes
that share `secrets.json` have it, and who makes that file anew has to have browsers subscribe anew.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from webpush import WebPush, WebPushSubscription
from webpush.types import WebPushKeys

_PURPOSE = b"flotilla web push"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""
_SIGNED_FOR = timedelta(hours=12)
_AUTH_BYTES = 16
_POINT_BYTES = 65


@dataclass(frozen=True, slots=True)
class Vapid:
    """`public` goes to browsers, in base64url."""

    public: str
    _pem: bytes = field(repr=False)
    _public_pem: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> "Vapid":
        """Made of the installation's signing key."""
        digest = hmac.new(secret.encode(), _PURPOSE, hashlib.sha512).digest()
        private = ec.derive_private_key(int.from_bytes(digest) % (_ORDER - 1) + 1, ec.SECP256R1())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cls(
            _encoded(point),
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )

    def authorization(self, endpoint: str, contact: str, now: datetime) -> str:
        """The header that names us to the endpoint's push service."""
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc.removesuffix(':443')}"
        claims = {"aud": origin, "exp": now + _SIGNED_FOR, "sub": contact}
        return f"vapid t={jwt.encode(claims, self._pem, algorithm='ES256')}, k={self.public}"

    def encrypt(self, body: Mapping[str, Any], endpoint: str, p256dh: str, auth: str) -> bytes:
        """For that browser alone, `aes128gcm`. Raises ValueError for keys that are none."""
        subscription = WebPushSubscription.model_validate(
            {"endpoint": endpoint, "keys": WebPushKeys(p256dh=p256dh, auth=auth)}
        )
        library = WebPush(private_key=self._pem, public_key=self._public_pem, subscriber="unused@example.com")
        encrypted: bytes = library.get(json.dumps(body, ensure_ascii=False), subscription).encrypted
        return encrypted


def check_keys(p256dh: str, auth: str) -> None:
    """Raises ValueError where a browser cannot have made these."""
    point, secret = _decoded(p256dh), _decoded(auth)
    if len(secret) != _AUTH_BYTES or len(point) != _POINT_BYTES:
        raise ValueError("wrong length")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
