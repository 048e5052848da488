from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.way import Way, check_way

if TYPE_CHECKING:
    from ..models.challenge_response_passkey_options_type_0 import (
        ChallengeResponsePasskeyOptionsType0,
    )


T = TypeVar("T", bound="ChallengeResponse")


@_attrs_define
class ChallengeResponse:
    """The password was right; a second factor is wanted, too.

    Attributes:
        challenge (str): Send it with the answer.
        expires_in (int): Seconds that it is good for.
        ways (list[Way]): What it can be answered with.
        passkey_options (ChallengeResponsePasskeyOptionsType0 | None): For `navigator.credentials.get`, where a passkey
            is a way here.
    """

    challenge: str
    expires_in: int
    ways: list[Way]
    passkey_options: ChallengeResponsePasskeyOptionsType0 | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.challenge_response_passkey_options_type_0 import (
            ChallengeResponsePasskeyOptionsType0,  # noqa: PLC0415
        )

        challenge = self.challenge

        expires_in = self.expires_in

        ways = []
        for ways_item_data in self.ways:
            ways_item: str = ways_item_data
            ways.append(ways_item)

        passkey_options: dict[str, Any] | None
        if isinstance(self.passkey_options, ChallengeResponsePasskeyOptionsType0):
            passkey_options = self.passkey_options.to_dict()
        else:
            passkey_options = self.passkey_options

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "challenge": challenge,
                "expires_in": expires_in,
                "ways": ways,
                "passkey_options": passkey_options,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.challenge_response_passkey_options_type_0 import (
            ChallengeResponsePasskeyOptionsType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        challenge = d.pop("challenge")

        expires_in = d.pop("expires_in")

        ways = []
        _ways = d.pop("ways")
        for ways_item_data in _ways:
            ways_item = check_way(ways_item_data)

            ways.append(ways_item)

        def _parse_passkey_options(data: object) -> ChallengeResponsePasskeyOptionsType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                passkey_options_type_0 = ChallengeResponsePasskeyOptionsType0.from_dict(data)

                return passkey_options_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ChallengeResponsePasskeyOptionsType0 | None, data)

        passkey_options = _parse_passkey_options(d.pop("passkey_options"))

        challenge_response = cls(
            challenge=challenge,
            expires_in=expires_in,
            ways=ways,
            passkey_options=passkey_options,
        )

        return challenge_response
