"""Single sign-on with an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1;
RFC 7636; RFC 9207). Authlib speaks the protocol and judges ID tokens; here is what is asked, and what must agree.

The provider's addresses come from its discovery document, which is kept for an hour; so are its keys, which are read
again where a token names one that is not among them. What a provider or a browser sends is never told further: a
refusal says only that there was one, and the log why.
"""

import asyncio
import secrets
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from loguru import logger

from orchestrator.errors import ProviderUnreachable, Unauthenticated
from orchestrator.users.oidc_provider import OidcProvider, is_safe_address

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it would rather have httpx2, and takes httpx
    from authlib.integrations.httpx_client import AsyncOAuth2Client

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures that only the provider can make; none that its clients' secrets make."""
_KEPT_SECONDS = 3_600
_TIMEOUT = httpx.Timeout(10, connect=5)
_LEEWAY_SECONDS = 60
_LONGEST_SUBJECT = 255
_REFUSED = "The provider did not sign you in; begin again. The log tells why."
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that the browser is sent away for. All but the URL stays with us."""

    url: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


class OidcClient:
    """Talks to one provider. One per application."""

    def __init__(self, provider: OidcProvider) -> None:
        self.provider = provider
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._tls = httpx.create_ssl_context()
        """Made once: reading all certificates that are trusted takes 20 ms."""
        self._reading = asyncio.Lock()

    async def begin(self, redirect_uri: str, state: str, *, again: bool = False) -> Begun:
        """Where to send the browser; `again`: the provider must ask anew who sits there. Raises ProviderUnreachable."""
        metadata = await self._discover()
        nonce, code_verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        asked: dict[str, Any] = {"nonce": nonce} | ({"prompt": "login", "max_age": 0} if again else {})
        async with await self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=code_verifier, **asked
            )
        return Begun(url, nonce, code_verifier)

    async def finish(
        self, redirect_uri: str, code: str, nonce: str, code_verifier: str, *, proved_after: float | None = None
    ) -> Mapping[str, Any]:
        """What the provider says of who signed in there: claims of his ID token, and of the user-info endpoint where
        the token lacks some that are wanted. `proved_after` (POSIX seconds): he must have proved himself since. Raises
        Unauthenticated, ProviderUnreachable."""
        metadata = await self._discover()
        try:
            async with await self._client(redirect_uri) as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=redirect_uri,
                    code_verifier=code_verifier,
                )
                claims = await self._judge(token, nonce)
                _check_freshness(claims, proved_after)
                return await self._completed(metadata, claims, token.get("access_token", ""))
        except (OAuthError, JoseError, KeyError, TypeError) as error:
            logger.warning("{} signed nobody in: {}: {}", self.provider.id, type(error).__name__, error)
            raise Unauthenticated(_REFUSED) from None
        except (httpx.HTTPError, ValueError) as error:
            raise self._unreachable(error) from None

    def check_issuer(self, issuer: str | None) -> None:
        """What the browser brought back as `iss`, where the provider sends it (RFC 9207). Raises Unauthenticated."""
        if issuer is not None and issuer != self.provider.issuer:
            logger.warning("{} was answered for by another issuer", self.provider.id)
            raise Unauthenticated(_REFUSED)

    async def _judge(self, token: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """Claims of an ID token that is for us, now, for this sign-in, and signed by the provider. Raises JoseError,
        KeyError."""
        try:
            decoded = jwt.decode(token["id_token"], await self._key_set(), algorithms=_ALGORITHMS)
        except InvalidKeyIdError:
            self._keys = None  # the provider has new ones
            decoded = jwt.decode(token["id_token"], await self._key_set(), algorithms=_ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self.provider.issuer},
                "aud": {"essential": True, "value": self.provider.client_id},
            },
            params={"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=_LEEWAY_SECONDS)
        if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT or not claims["sub"].isprintable():
            raise JoseError("sub is empty, too long, or no text")
        return claims

    async def _completed(
        self, metadata: Mapping[str, Any], claims: Mapping[str, Any], access_token: str
    ) -> Mapping[str, Any]:
        wanted = {self.provider.username_claim, self.provider.role_claim, "email"} - {None}
        if wanted <= set(claims) or "userinfo_endpoint" not in metadata:
            return claims
        told = await self._read(metadata["userinfo_endpoint"], {"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != claims["sub"]:  # Core 1.0, 5.3.2
            raise JoseError("the user-info endpoint tells of somebody else")
        return {**told, **claims}

    async def _discover(self) -> Mapping[str, Any]:
        async with self._reading:
            if self._metadata is None or time.monotonic() - self._metadata[0] > _KEPT_SECONDS:
                address = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = await self._read(address)
                if found.get("issuer") != self.provider.issuer:
                    raise self._unreachable("its discovery document names another issuer")
                named = [found.get(one) for one in _ENDPOINTS] + [found.get("userinfo_endpoint", self.provider.issuer)]
                if not all(isinstance(one, str) and is_safe_address(one) for one in named):
                    raise self._unreachable("its discovery document lacks an address, or has one without TLS")
                self._metadata = (time.monotonic(), found)
            return self._metadata[1]

    async def _key_set(self) -> KeySet:
        metadata = await self._discover()
        async with self._reading:
            if self._keys is None or time.monotonic() - self._keys[0] > _KEPT_SECONDS:
                found = await self._read(metadata["jwks_uri"])
                self._keys = (time.monotonic(), KeySet.import_key_set(found))  # type: ignore[arg-type]
            return self._keys[1]

    async def _read(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, verify=self._tls) as client:
                answer = await client.get(address, headers=headers)
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._unreachable(error) from None
        if not isinstance(found, dict):
            raise self._unreachable("its answer is no object")
        return found

    async def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        provider = self.provider
        secret = None
        if provider.client_secret_file is not None:
            try:
                secret = (await asyncio.to_thread(provider.client_secret_file.read_text)).strip()
            except (OSError, UnicodeDecodeError) as error:
                raise self._unreachable(f"its client secret cannot be read: {type(error).__name__}") from None
        return AsyncOAuth2Client(
            client_id=provider.client_id,
            client_secret=secret,
            token_endpoint_auth_method=provider.client_auth if secret is not None else "none",
            scope=" ".join(provider.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
            verify=self._tls,
        )

    def _unreachable(self, reason: object) -> ProviderUnreachable:
        told = reason if isinstance(reason, str) else type(reason).__name__
        logger.warning("the OpenID provider {} cannot be used: {}", self.provider.id, told)
        return ProviderUnreachable(
            f"{self.provider.shown} does not answer as it should; try again in a moment, or sign in another way."
        )


def _check_freshness(claims: Mapping[str, Any], proved_after: float | None) -> None:
    """Raises JoseError."""
    if proved_after is None:
        return
    auth_time = claims.get("auth_time")
    if not isinstance(auth_time, int | float) or auth_time < proved_after - _LEEWAY_SECONDS:
        raise JoseError("the provider does not say that its user proved himself just now")
