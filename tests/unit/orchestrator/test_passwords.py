"""Which passwords are taken, and that no check tells by its work whom it was for."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from orchestrator.errors import InvalidSpec, TooManyRequests
from orchestrator.users import passwords as module
from orchestrator.users.passwords import Passwords
from orchestrator.users.passwords_breached import is_listed

GOOD = "seven grey herons wade"


def _list(tmp_path: Path, passwords: list[str]) -> Path:
    lines = sorted(hashlib.sha1(one.encode()).hexdigest().upper() for one in passwords)
    file = tmp_path / "stolen.txt"
    file.write_bytes(b"".join(f"{line}:{number * 7**number}\r\n".encode() for number, line in enumerate(lines)))
    return file


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short words", "too short"),
        ("administrator-ann", "little more"),
        ("password1234", "guessed soon"),
        ("aaaaaaaaaaaaaaaa", "guessed soon"),
        ("qwertyuiop12", "guessed soon"),
        ("a" * 1000, "guessed soon"),
    ],
)
async def test_a_bad_password_is_refused_with_the_reason(password: str, said: str) -> None:
    with pytest.raises(InvalidSpec, match=said) as refused:
        await Passwords().check_new(password, "administrator", field="new_password")
    assert refused.value.params["field"] == "new_password"
    assert password not in refused.value.message


async def test_words_generated_ones_and_long_ones_are_taken() -> None:
    for password in (GOOD, "fY3kq0mVt1S6yzZr8bWn2cXa", "grüne Äpfel schälen im Wald", "x9!kQ" + "z" * 600):
        await Passwords().check_new(password, "admin")


async def test_a_stolen_password_is_found_in_the_file_and_a_missing_file_refuses_nobody(tmp_path: Path) -> None:
    file = _list(tmp_path, [GOOD, *map(str, range(50))])
    with pytest.raises(InvalidSpec, match="stolen"):
        await Passwords(file).check_new(GOOD, "admin")
    await Passwords(file).check_new("eight grey herons wade", "admin")
    await Passwords(tmp_path / "nowhere").check_new(GOOD, "admin")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_every_line_of_a_file_is_found_and_nothing_else(tmp_path: Path, count: int) -> None:
    present = [f"password {number}" for number in range(count)]
    file = _list(tmp_path, present)
    assert [one for one in present if not is_listed(file, one)] == []
    assert [one for one in (f"other {number}" for number in range(200)) if is_listed(file, one)] == []


async def test_every_check_is_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Passwords()
    known = await checks.hash(GOOD)
    verified: list[str] = []
    verify = module._hasher.verify

    def counted(password: str, password_hash: str) -> bool:
        result = verify(password, password_hash)
        verified.append(password_hash)
        return result

    monkeypatch.setattr(module._hasher, "verify", counted)
    for stored in (known, None, "", "of no known kind"):
        verified.clear()
        assert await checks.matches("wrong", stored) is False
        assert len(verified) == 1
    assert await checks.matches(GOOD, known)


async def test_nobody_signs_in_to_an_account_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_decoy", lambda: module._hasher.hash("guessed"))
    assert not await Passwords().matches("guessed", "")
    assert not await Passwords().matches("guessed", None)


async def test_a_flood_of_checks_is_refused_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 3)
    monkeypatch.setattr(module, "_matches", lambda *_: True)
    checks = Passwords()
    for _ in range(2):
        outcomes = await asyncio.gather(*(checks.matches("any", None) for _ in range(9)), return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, TooManyRequests)]
        assert (outcomes.count(True), len(refused)) == (5, 4)
        assert refused[0].params["retry_after_seconds"] >= 1
