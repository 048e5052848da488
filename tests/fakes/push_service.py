"""A push service and its browsers: checks who pushes (RFC 8292), takes what comes, and opens it as a browser would (RFC
8291, by the standard's own steps and none of our code)."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SALT, _SIZE, _HEADER = 16, 4, 21


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One subscription of a browser."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"0123456789abcdef"

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def told(self, **wants: Any) -> dict[str, Any]:
        """The body by which it subscribes."""
        keys = {"p256dh": encoded(self.point), "auth": encoded(self.secret)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys, **wants}

    def open(self, content: bytes) -> bytes:
        """Raises where it was not encrypted for this browser."""
        salt, length = content[:_SALT], content[_HEADER - 1]
        sender, sealed = content[_HEADER : _HEADER + length], content[_HEADER + length :]
        assert len(sealed) <= int.from_bytes(content[_SALT : _SALT + _SIZE])
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        keyed = _derive(self.secret, shared, b"WebPush: info\0" + self.point + sender, 32)
        key = _derive(salt, keyed, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(salt, keyed, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert plain.endswith(b"\2")
        return plain[:-1]


@dataclass
class PushService:
    """`status` answers each push, by path and how many came there before; 201 takes it."""

    origin: str = ""
    status: Callable[[str, int], int] = lambda _path, _before: 201
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    """Hears and does not answer."""
    key: str | None = None
    """The public key that pushes must be signed with; None: whatever they name."""
    browsers: dict[str, Browser] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Paths of all that came."""
    taken: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    """Path, what the browser was told, headers."""

    def browser(self, name: str = "one") -> Browser:
        path = f"/send/{name}"
        return self.browsers.setdefault(path, Browser(f"{self.origin}{path}"))

    def told(self, name: str = "one") -> list[dict[str, Any]]:
        """What that browser was told, in its order."""
        return [body for path, body, _ in self.taken if path == f"/send/{name}"]

    async def take(self, request: web.Request) -> web.Response:
        before = self.asked.count(request.path)
        self.asked.append(request.path)
        self._check(request)
        content = await request.read()
        if self.silent:
            assert request.transport is not None
            request.transport.abort()
        status = self.status(request.path, before)
        if status == 201:
            body = json.loads(self.browsers[request.path].open(content))
            self.taken.append((request.path, body, dict(request.headers)))
        return web.Response(status=status, headers=self.headers, body=b"x" * 1_000_000)

    def _check(self, request: web.Request) -> None:
        scheme, _, told = request.headers["Authorization"].partition(" ")
        named = dict(part.strip().split("=", 1) for part in told.split(","))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(named["k"]))
        claims = jwt.decode(named["t"], point, algorithms=["ES256"], audience=self.origin)
        assert scheme == "vapid"
        assert claims["sub"].startswith(("mailto:", "https:"))
        assert self.key in (None, named["k"])
        assert request.headers["Content-Encoding"] == "aes128gcm"
        assert int(request.headers["TTL"]) >= 0


def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


@contextlib.asynccontextmanager
async def push_service(port: int = 0) -> AsyncIterator[PushService]:
    """On loopback, over HTTP."""
    service = PushService()
    app = web.Application()
    app.router.add_post("/send/{name}", service.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    try:
        await site.start()
        assert site._server is not None
        service.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()
