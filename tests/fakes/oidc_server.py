"""A small OpenID provider: authorization code with PKCE, discovery, keys that change, user info; and what goes wrong.

Whoever comes to `/authorize` is signed in at once, as `claims` say.
"""

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from aiohttp import BasicAuth, web
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "flotilla-test"
CLIENT_SECRET = "provider-secret-7f3a"


class OidcServer:
    """`claims` are what ID tokens say of the user; `changes` what they say otherwise than they should."""

    def __init__(self) -> None:
        self.issuer = ""
        self.claims: dict[str, Any] = {
            "sub": "ann-at-provider",
            "preferred_username": "Ann",
            "email": "ann@example.com",
        }
        self.changes: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.answers_wrongly = False
        self.denies = False
        """Whether it sends people back without a sign-in, as where they said no."""
        self.asked: list[dict[str, str]] = []
        """Queries of `/authorize`."""
        self.key_reads = 0
        self._codes: dict[str, dict[str, str]] = {}
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})

    def rotate(self) -> None:
        """Other keys from now on."""
        self._key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        return app

    async def _discovery(self, _: web.Request) -> web.Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        if self.userinfo is not None:
            told["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return web.json_response({} if self.answers_wrongly else told)

    async def _keys(self, _: web.Request) -> web.Response:
        self.key_reads += 1
        return web.json_response(KeySet([self._key]).as_dict(private=False))

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(asked)
        code = f"code-{len(self.asked)}"
        self._codes[code] = asked
        answer = {"error": "access_denied"} if self.denies else {"code": code}
        back = urlencode({**answer, "state": asked["state"], "iss": self.issuer})
        raise web.HTTPFound(f"{asked['redirect_uri']}?{back}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form["code"]), None)
        shown = BasicAuth.decode(request.headers["Authorization"])
        if (shown.login, shown.password) != (CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        proof = create_s256_code_challenge(str(form["code_verifier"]))
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != proof:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        told |= {"auth_time": now} if "max_age" in asked else {}
        claims = {name: value for name, value in {**told, **self.claims, **self.changes}.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)
        return web.json_response(
            {"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": token}
        )

    async def _userinfo(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer access":
            return web.Response(status=401)
        return web.json_response(self.userinfo)


@contextlib.asynccontextmanager
async def oidc_server() -> AsyncIterator[OidcServer]:
    """Listens on a loopback port until the end of the block."""
    server = OidcServer()
    runner = web.AppRunner(server.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.issuer = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
