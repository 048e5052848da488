"""Settings that cannot be used are told in a sentence."""

from pathlib import Path

import pytest

from pool.exchange.gateway.__main__ import main


@pytest.mark.parametrize(
    ("name", "value"), [("DISK_BYTES", "much"), ("DISK_BYTES", "1"), ("KEEP_DAYS", "{"), ("KEEP_DAYS", '{"1m": "x"}')]
)
def test_the_gateway_says_which_setting_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(f"FLOTILLA_GATEWAY_CANDLES_{name}", value)
    assert main(["--directory", str(tmp_path / "gateway")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert name in said.upper()
    assert not (tmp_path / "gateway").exists()
