from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.credential import Credential


T = TypeVar("T", bound="SecondFactorRequest")


@_attrs_define
class SecondFactorRequest:
    """The answer to a challenge; exactly one of `code`, `recovery_code` and `passkey`.

    Attributes:
        challenge (str): From the sign-in.
        code (None | str | Unset): What the authenticator app shows.
        recovery_code (None | str | Unset): One of them.
        passkey (Credential | None | Unset): What the browser answered to the options.
    """

    challenge: str
    code: None | str | Unset = UNSET
    recovery_code: None | str | Unset = UNSET
    passkey: Credential | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.credential import Credential  # noqa: PLC0415

        challenge = self.challenge

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

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "challenge": challenge,
            }
        )
        if code is not UNSET:
            field_dict["code"] = code
        if recovery_code is not UNSET:
            field_dict["recovery_code"] = recovery_code
        if passkey is not UNSET:
            field_dict["passkey"] = passkey

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.credential import Credential  # noqa: PLC0415

        d = dict(src_dict)
        challenge = d.pop("challenge")

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

        second_factor_request = cls(
            challenge=challenge,
            code=code,
            recovery_code=recovery_code,
            passkey=passkey,
        )

        return second_factor_request
