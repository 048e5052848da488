"""Settings that cannot be used are told in a sentence."""

from pathlib import Path

import pytest

from pool.exchange.gateway import __main__ as process
from pool.exchange.gateway.__main__ import main


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CANDLES_DISK_BYTES", "much"),
        ("CANDLES_DISK_BYTES", "1"),
        ("CANDLES_KEEP_DAYS", '{"1m": "x"}'),
        ("WEBSOCKETS", "perhaps"),
        ("MAPPED", "perhaps"),
    ],
)
def test_the_gateway_says_which_setting_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(f"FLOTILLA_GATEWAY_{name}", value)
    assert main(["--directory", str(tmp_path / "gateway")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"FLOTILLA_GATEWAY_{name}" in said
    assert not (tmp_path / "gateway").exists()


@pytest.mark.parametrize(("value", "on"), [(None, True), ("false", False)])
@pytest.mark.parametrize(("name", "option"), [("WEBSOCKETS", "streams"), ("MAPPED", "mapped")])
def test_websockets_and_mapped_candles_can_be_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: str, value: str | None, on: bool
) -> None:
    if value is not None:
        monkeypatch.setenv(f"FLOTILLA_GATEWAY_{name}", value)
    told = process._options(process._parser().parse_args(["--directory", str(tmp_path)]))
    assert (told.directory, getattr(told, option)) == (tmp_path, on)


def test_a_setting_that_is_no_json_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOTILLA_GATEWAY_CANDLES_KEEP_DAYS", "{")
    assert main(["--directory", str(tmp_path / "gateway")]) == 1
    assert "keep_days" in capsys.readouterr().err
