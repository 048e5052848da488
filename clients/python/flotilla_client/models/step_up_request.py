from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.credential import Credential


T = TypeVar("T", bound="StepUpRequest")


@_attrs_define
class StepUpRequest:
    """The password, with a code where the account has a second factor; or a passkey with its challenge. An account
    without a password sends a code alone.

        Attributes:
            code (None | str | Unset): What the authenticator app shows.
            recovery_code (None | str | Unset): One of them.
            passkey (Credential | None | Unset): What the browser answered to the options.
            password (None | str | Unset): Password.
            challenge (None | str | Unset): Of the passkey's options.
    """

    code: None | str | Unset = UNSET
    recovery_code: None | str | Unset = UNSET
    passkey: Credential | None | Unset = UNSET
    password: None | str | Unset = UNSET
    challenge: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.credential import Credential  # noqa: PLC0415

        code: None | str | Unset
        if isinstance(self.code, Unset):
            code = UNSET
        else:
            code = self.code

        recovery_code: None | str | Unset
        if isinstance(self.recovery_code, Unset):
            recovery_code = UNSET
        else:
            recovery_code = self.recovery_code

        passkey: dict[str, Any] | None | Unset
        if isinstance(self.passkey, Unset):
            passkey = UNSET
        elif isinstance(self.passkey, Credential):
            passkey = self.passkey.to_dict()
        else:
            passkey = self.passkey

        password: None | str | Unset
        if isinstance(self.password, Unset):
            password = UNSET
        else:
            password = self.password

        challenge: None | str | Unset
        if isinstance(self.challenge, Unset):
            challenge = UNSET
        else:
            challenge = self.challenge

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if code is not UNSET:
            field_dict["code"] = code
        if recovery_code is not UNSET:
            field_dict["recovery_code"] = recovery_code
        if passkey is not UNSET:
            field_dict["passkey"] = passkey
        if password is not UNSET:
            field_dict["password"] = password
        if challenge is not UNSET:
            field_dict["challenge"] = challenge

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.credential import Credential  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        code = _parse_code(d.pop("code", UNSET))

        def _parse_recovery_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recovery_code = _parse_recovery_code(d.pop("recovery_code", UNSET))

        def _parse_passkey(data: object) -> Credential | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                passkey_type_0 = Credential.from_dict(data)

                return passkey_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Credential | None | Unset, data)

        passkey = _parse_passkey(d.pop("passkey", UNSET))

        def _parse_password(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        password = _parse_password(d.pop("password", UNSET))

        def _parse_challenge(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        challenge = _parse_challenge(d.pop("challenge", UNSET))

        step_up_request = cls(
            code=code,
            recovery_code=recovery_code,
            passkey=passkey,
            password=password,
            challenge=challenge,
        )

        return step_up_request
