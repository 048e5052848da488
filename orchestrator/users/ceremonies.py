"""What is said in WebAuthn: options for browsers, and judging what they answer.

Its library is large and most installations have no passkeys, so `users.passkeys` reads this module when it is needed.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import bytes_to_base64url, options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from orchestrator.users.factor_models import PasskeyModel
from orchestrator.users.passkeys import RelyingParty

_NAME = "Flotilla"
_UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, struct.error)
"""What the library raises for a response that is none, or not this one."""
_TRANSPORTS = {one.value: one for one in AuthenticatorTransport}


class Refused(Exception):
    """A response that is none, or not one to this challenge; the text is the library's."""


def creation_options(
    party: RelyingParty,
    user_id: str,
    username: str,
    challenge: bytes,
    timeout_ms: int,
    present: Sequence[PasskeyModel],
) -> dict[str, Any]:
    """For `navigator.credentials.create`."""
    return options_to_json_dict(
        generate_registration_options(
            rp_id=party.id,
            rp_name=_NAME,
            user_id=user_id.encode(),
            user_name=username,
            user_display_name=username,
            challenge=challenge,
            timeout=timeout_ms,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(present),
        )
    )


def request_options(
    party: RelyingParty, challenge: bytes, timeout_ms: int, allowed: Sequence[PasskeyModel]
) -> dict[str, Any]:
    """For `navigator.credentials.get`."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=timeout_ms,
            allow_credentials=_descriptors(allowed),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def judge_new(party: RelyingParty, challenge: bytes, credential: Mapping[str, Any]) -> VerifiedRegistration:
    """A passkey that was made for this challenge. Raises Refused."""
    try:
        return verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise Refused(str(error)) from error


def read(credential: Mapping[str, Any]) -> AuthenticationCredential:
    """What a passkey answered. Raises Refused."""
    try:
        return parse_authentication_credential_json(dict(credential))
    except _UNREADABLE as error:
        raise Refused(str(error)) from error


def judge(
    party: RelyingParty, challenge: bytes, shown: AuthenticationCredential, public_key: str
) -> VerifiedAuthentication:
    """An answer to this challenge by the passkey of that key; its count is left to the caller, who tells a copy from a
    wrong answer. Raises Refused."""
    try:
        return verify_authentication_response(
            credential=shown,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise Refused(str(error)) from error


def transports_of(credential: Mapping[str, Any]) -> list[str]:
    """By which ways the browser says that it is reached."""
    response = credential.get("response")
    told = response.get("transports") if isinstance(response, Mapping) else None
    return [one for one in told if isinstance(one, str) and one in _TRANSPORTS] if isinstance(told, list) else []


def text_of(raw: bytes) -> str:
    """As identities and keys are kept."""
    return bytes_to_base64url(raw)


def _descriptors(passkeys: Sequence[PasskeyModel]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential_id), transports=[_TRANSPORTS[name] for name in one.transports]
        )
        for one in passkeys
    ]
