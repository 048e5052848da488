"""Sealed secrets, and where the keys that seal them come from."""

import base64
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.kit.kek_source import CommandSource, FileSource, KekMissing, KekTrouble, TextSource
from orchestrator.kit.sealing import Kek, Keyring, NoKek, Sealed, Tampered, UnknownKek, read_keks

CONTEXT = ("user-one", "key-one", "1")


@given(st.binary(max_size=2000), st.lists(st.text(max_size=20), max_size=4))
def test_what_is_sealed_opens_in_its_own_context_alone(secret: bytes, context: list[str]) -> None:
    ring = Keyring([Kek.new()])
    sealed = ring.seal(secret, context)
    assert ring.open(sealed, context) == secret
    for other in ([*context, ""], ["x", *context], [*context[:-1], "y"]):
        if other != context:
            with pytest.raises(Tampered):
                ring.open(sealed, other)


def test_no_two_seals_share_a_key_or_a_nonce() -> None:
    ring = Keyring([Kek.new()])
    seals = [ring.seal(b"the same", CONTEXT) for _ in range(50)]
    assert len({base64.b64decode(one.ciphertext)[:12] for one in seals}) == 50
    assert len({one.wrapped_key for one in seals}) == 50


@pytest.mark.parametrize("part", ["wrapped_key", "ciphertext"])
def test_a_changed_byte_anywhere_is_noticed(part: str) -> None:
    ring = Keyring([Kek.new()])
    sealed = ring.seal(b"secret", CONTEXT)
    content = bytearray(base64.b64decode(getattr(sealed, part)))
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(Tampered):
            ring.open(replace(sealed, **{part: base64.b64encode(changed).decode()}), CONTEXT)
    with pytest.raises(Tampered):
        ring.open(replace(sealed, **{part: "no base64"}), CONTEXT)


def test_parts_of_two_seals_do_not_go_together() -> None:
    ring = Keyring([Kek.new()])
    one, two = ring.seal(b"one", CONTEXT), ring.seal(b"two", CONTEXT)
    with pytest.raises(Tampered):
        ring.open(replace(one, wrapped_key=two.wrapped_key), CONTEXT)


def test_the_newest_key_wraps_and_older_ones_still_unwrap() -> None:
    old, new = Kek.new(), Kek.new()
    sealed = Keyring([old]).seal(b"secret", CONTEXT)
    both = Keyring([new, old])
    assert both.open(sealed, CONTEXT) == b"secret"
    rewrapped = both.rewrap(sealed, CONTEXT)
    assert (rewrapped.kek_id, rewrapped.ciphertext) == (new.id, sealed.ciphertext)
    assert Keyring([new]).open(rewrapped, CONTEXT) == b"secret"
    with pytest.raises(UnknownKek, match=old.id):
        Keyring([new]).open(sealed, CONTEXT)


def test_a_key_that_only_bears_the_right_name_opens_nothing() -> None:
    sealed = Keyring([Kek.new()]).seal(b"secret", CONTEXT)
    other = Kek.new()
    with pytest.raises(Tampered):
        Keyring([other]).open(replace(sealed, kek_id=other.id), CONTEXT)


def test_nothing_shows_a_key() -> None:
    kek = Kek.new()
    sealed = Keyring([kek]).seal(b"secret", CONTEXT)
    for shown in (repr(kek), repr(sealed), repr(TextSource(kek.text)), kek.id):
        assert kek.text not in shown
        assert kek.key.hex() not in shown
        assert "secret" not in shown


def test_keys_are_read_in_either_form_newest_first() -> None:
    one, two = Kek.new(), Kek.new()
    text = f"# newest\n{one.text}\n{two.key.hex()},{base64.urlsafe_b64encode(one.key).decode()}\n"
    assert [kek.id for kek in read_keks(text)] == [one.id, two.id, one.id]


@pytest.mark.parametrize("text", ["", "# only words", "short", "00" * 32, base64.b64encode(b"x" * 16).decode()])
def test_what_is_no_key_is_told_without_showing_it(text: str) -> None:
    with pytest.raises(NoKek) as told:
        read_keks(text)
    assert not text or text not in str(told.value)


def test_a_file_gets_new_keys_in_front_and_stays_its_owners(tmp_path: Path) -> None:
    source = FileSource(tmp_path / "kek", made_here=True)
    with pytest.raises(KekMissing, match="missing"):
        source.read()
    one, two = Kek.new(), Kek.new()
    source.add(one, first=True)
    source.add(Kek.new(), first=True)  # somebody else was quicker
    source.add(two)
    assert source.read().ids == [two.id, one.id]
    assert source.file.stat().st_mode & 0o777 == 0o600
    source.file.chmod(0o620)
    with pytest.raises(KekTrouble, match="chmod 600"):
        source.read()


def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text("not a key")
    file.chmod(0o600)
    with pytest.raises(KekTrouble, match=r"^The key-encryption key in the file kek is damaged: .*copy of it\.$"):
        FileSource(file, made_here=True).read()


def test_a_command_says_the_key_or_is_told_by_its_status_alone(tmp_path: Path) -> None:
    kek = Kek.new()
    script = tmp_path / "say"
    script.write_text(f"#!/bin/sh\necho {kek.text}\n")
    script.chmod(0o700)
    assert CommandSource(str(script)).read().newest.id == kek.id
    script.write_text(f"#!/bin/sh\necho {kek.text} >&2\nexit 3\n")
    with pytest.raises(KekTrouble, match=r"status 3\.$") as told:
        CommandSource(str(script)).read()
    assert kek.text not in str(told.value)
    with pytest.raises(KekTrouble, match="cannot be run"):
        CommandSource("/nowhere/at/all").read()


def test_a_variable_is_gone_once_it_was_taken() -> None:
    script = """
import os, pathlib, subprocess, sys
from orchestrator.kit.kek_source import take_from_environment
assert take_from_environment("A_SECRET") == "planted-value"
assert take_from_environment("A_SECRET") is None
assert take_from_environment("OTHER_SECRET") == "planted-value-too"
shown = pathlib.Path("/proc/self/environ").read_bytes()
assert b"planted-value" not in shown, shown
assert b"OTHER=kept" in shown
child = subprocess.run([sys.executable, "-c", "import os; print(os.environ)"], capture_output=True, check=True)
assert b"planted-value" not in child.stdout
"""
    environment = {**os.environ, "A_SECRET": "planted-value", "other_secret": "planted-value-too", "OTHER": "kept"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


def test_a_seal_is_plain_text() -> None:
    sealed = Keyring([Kek.new()]).seal(b"secret", CONTEXT)
    assert isinstance(sealed, Sealed)
    assert all(text.isascii() for text in (sealed.kek_id, sealed.wrapped_key, sealed.ciphertext))
