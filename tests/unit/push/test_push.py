"""What is pushed where: kinds, quiet hours, addresses, encryption."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.push.kinds import PushKind, is_quiet, kind_of_alert
from orchestrator.push.places import NotFoundNow, Place, Places, Unreachable, is_public
from orchestrator.push.vapid import Vapid, check_keys
from orchestrator.settings import OrchestratorSettings
from pool.contract.slots import ConditionType
from tests.fakes.push_service import Browser, decoded, encoded

SECRET = "s" * 48
NIGHT = {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}


def test_the_fake_browser_opens_the_example_of_the_standard() -> None:
    """RFC 8291, 5."""
    private = int.from_bytes(decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
    browser = Browser("", ec.derive_private_key(private, ec.SECP256R1()), decoded("BTBZMqHH6r4Tts7J_aSIgg"))
    content = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert browser.open(decoded(content)) == b"When I grow up, I want to be a watermelon"


def test_only_its_browser_opens_what_is_encrypted_and_no_two_are_alike() -> None:
    vapid, one, other = Vapid.of(SECRET), Browser("https://push.example/1"), Browser("https://push.example/1")
    body = {"text": "é" * 500}
    sent = [vapid.encrypt(body, one.endpoint, encoded(one.point), encoded(one.secret)) for _ in range(2)]
    assert json.loads(one.open(sent[0])) == body
    assert sent[0] != sent[1]
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever cryptography says of a wrong key
        other.open(sent[0])


def test_the_key_is_the_installations_and_tells_nothing_of_its_secret() -> None:
    vapid = Vapid.of(SECRET)
    assert vapid.public == Vapid.of(SECRET).public != Vapid.of(SECRET + "t").public
    assert len(decoded(vapid.public)) == 65
    assert "PRIVATE" not in repr(vapid)
    assert SECRET not in repr(vapid)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", ""),
        (encoded(b"\4" + bytes(64)), encoded(bytes(16))),
        (encoded(Browser("").point), encoded(bytes(15))),
        (encoded(Browser("").point)[:-2], encoded(bytes(16))),
        ("é" * 87, encoded(bytes(16))),
        (encoded(Browser("").point) + "!!", encoded(bytes(16))),
    ],
    ids=["none", "no point", "short secret", "short point", "no base64", "more than base64"],
)
def test_keys_that_no_browser_made_are_none(p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - from several libraries
        check_keys(p256dh, auth)


@pytest.mark.parametrize(
    ("at", "quiet"),
    [("20:59", False), ("21:00", True), ("02:00", True), ("05:59", True), ("06:00", False), ("12:00", False)],
)
def test_quiet_hours_go_past_midnight_by_their_own_clock(at: str, quiet: bool) -> None:
    """Berlin is an hour ahead in winter."""
    now = datetime.fromisoformat(f"2026-11-22T{at}:00+00:00")
    assert is_quiet(NIGHT, now) is quiet
    assert is_quiet({**NIGHT, "start": "07:00", "end": "22:00"}, now) is not quiet
    assert not is_quiet(None, now)


def test_what_alerts_are_about() -> None:
    assert kind_of_alert("mode.HALTED") is PushKind.HALTS
    assert kind_of_alert("emergency") is PushKind.HALTS
    assert kind_of_alert("entry_refused") is PushKind.ENTRIES_REFUSED
    assert kind_of_alert(str(ConditionType.QUARANTINED)) is PushKind.BOT_FAILED
    assert kind_of_alert("finding.lost_order") is PushKind.ALERTS


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1%lo", "localhost", "",
    ],
)  # fmt: skip
def test_addresses_within_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["142.250.1.1", "2a00:1450:4001::1", "64:ff9b::8efa:101", "::ffff:142.250.1.1"])
def test_addresses_of_all_are(address: str) -> None:
    assert is_public(address)


def place_of(endpoint: str, addresses: Sequence[str] | Exception = ("142.250.1.1",), *allowed: str) -> Place:
    async def look_up(host: str, port: int) -> Sequence[str]:
        if isinstance(addresses, Exception):
            raise addresses
        return addresses

    return asyncio.run(Places(allowed, look_up).place_of(endpoint))


def test_what_was_looked_up_is_what_is_asked_under_the_name_that_was_given() -> None:
    place = place_of("https://push.example/send/1?a=b", ["142.250.1.1", "2a00:1450:4001::1"])
    assert list(place.urls) == ["https://142.250.1.1/send/1?a=b", "https://[2a00:1450:4001::1]/send/1?a=b"]
    assert (place.host, place.name) == ("push.example", "push.example")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/1", "https://push.example:8443/1", "https://user@push.example/1", "ftp://push.example/",
        "https:///1", "push.example", "https://push.example\\@within/1", "https://push.example/ 1", "https://[::1/",
        "https://push.example:99999/", "https://push.example/\n", "https://push.exämple/", "https://p/" + "x" * 2048,
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_push_service_is_refused(endpoint: str) -> None:
    with pytest.raises(Unreachable):
        place_of(endpoint)


def test_one_address_within_spoils_all_and_a_name_that_is_not_found_may_be_later() -> None:
    with pytest.raises(Unreachable) as refused:
        place_of("https://push.example/1", ["142.250.1.1", "10.0.0.1"])
    with pytest.raises(NotFoundNow) as unknown:
        place_of("https://push.example/1", OSError("no such name"))
    # or whoever subscribes could learn which names there are within
    assert str(refused.value) == str(unknown.value)


def test_an_origin_of_the_settings_may_be_anywhere_and_no_other_with_it() -> None:
    assert list(place_of("http://10.0.0.1:99/1", (), "http://10.0.0.1:99").urls) == ["http://10.0.0.1:99/1"]
    for other in ("http://10.0.0.1:98/1", "https://10.0.0.1:99/1", "http://10.0.0.1:99.evil/1", "http://a@10.0.0.1:99"):
        with pytest.raises(Unreachable):
            place_of(other, (), "http://10.0.0.1:99")


@pytest.mark.parametrize("told", ["http://10.0.0.1:99/", "ftp://a", "a", "https://u@a"])
def test_settings_that_name_no_origin_are_refused(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_ORCH_PUSH_ORIGINS", told)
    with pytest.raises(ValueError, match="origins"):
        OrchestratorSettings()


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_ORCH_PUSH_ORIGINS", "https://a:1, http://b")
    assert OrchestratorSettings().push_origins == ("https://a:1", "http://b")


def test_a_push_is_signed_for_the_origin_of_its_endpoint() -> None:
    import jwt

    vapid, now = Vapid.of(SECRET), datetime.now(UTC)
    for endpoint, origin in (("https://p.example:443/1", "https://p.example"), ("http://p:9/1", "http://p:9")):
        told = vapid.authorization(endpoint, "mailto:a@example.com", now).removeprefix("vapid t=").split(",")[0]
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(vapid.public))
        claims = jwt.decode(told, point, algorithms=["ES256"], audience=origin)
        assert claims["exp"] <= now.timestamp() + 86_400
