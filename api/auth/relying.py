"""For which host and pages passkeys are good here: the public address of the settings, or else localhost.

Passkeys are bound to a name (RP ID), never to an internet address, and browsers use them over HTTPS or at localhost
only (https://www.w3.org/TR/webauthn-2/#rp-id).
"""

from urllib.parse import urlsplit

from fastapi import Request

from api.addresses import parse
from api.settings import ApiSettings, origin_of
from orchestrator.errors import Conflict
from orchestrator.users.passkeys import RelyingParty

_LOCAL = "localhost"


def relying_party(request: Request, settings: ApiSettings) -> RelyingParty:
    """Raises Conflict where there can be no passkeys."""
    found = find_relying_party(request, settings)
    if found is None:
        raise Conflict(
            "Passkeys need the name of this installation: have FLOTILLA_API_PUBLIC_URL tell it "
            "(https://flotilla.example), or open Flotilla at http://localhost."
        )
    return found


def find_relying_party(request: Request, settings: ApiSettings) -> RelyingParty | None:
    """None where there can be no passkeys."""
    origins = settings.public_url or _own_origin(request)
    name = _name_of(origins[0]) if origins else ""
    if not name or parse(name) is not None or (not settings.public_url and name != _LOCAL):
        return None
    return RelyingParty(name, tuple(one for one in origins if _belongs(_name_of(one), name)))


def own_address(request: Request, settings: ApiSettings) -> str:
    """The origin of our pages as this browser knows it: the one that it asked, where settings name it or none."""
    asked = _own_origin(request)
    if settings.public_url and (not asked or asked[0] not in settings.public_url):
        return settings.public_url[0]
    return asked[0] if asked else ""


def _own_origin(request: Request) -> tuple[str, ...]:
    try:
        return (origin_of(f"{request.url.scheme}://{request.headers.get('host', '')}"),)
    except ValueError:
        return ()


def _name_of(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def _belongs(name: str, party: str) -> bool:
    return name == party or name.endswith(f".{party}")
