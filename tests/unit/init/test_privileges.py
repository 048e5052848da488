"""What init needs to give agent and bots users of their own."""

import json
from pathlib import Path

import pytest

from pool import __main__ as init
from pool.init import health, privileges

STATUS = "Name:\tpython\nCapPrm:\t00000000000800e1\nCapEff:\t{}\n"


@pytest.mark.parametrize(
    ("effective", "missing"),
    [
        ("00000000000800e1", []),
        ("000001ffffffffff", []),
        ("00000000000000c1", ["KILL", "SYS_PTRACE"]),
        ("0000000000000000", ["CHOWN", "KILL", "SETGID", "SETUID", "SYS_PTRACE"]),
    ],
)
def test_what_is_missing_is_named(effective: str, missing: list[str]) -> None:
    assert privileges.missing(STATUS.format(effective)) == missing


def test_init_refuses_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(init, "missing", lambda: ["KILL", "SETUID"])
    (tmp_path / "pool.json").write_text(json.dumps({"pool_id": "test", "agent_uid": 10_000}))
    assert init.main(["--directory", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "lacks: KILL, SETUID" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "bots").exists(), "nothing was touched"


def test_health_asks_here_where_the_agent_listens_everywhere() -> None:
    assert health.address({"host": "0.0.0.0", "port": 8700}) == ("127.0.0.1", 8700)
    assert health.address({"host": "127.0.0.1", "port": 1}) == ("127.0.0.1", 1)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"host": "127.0.0.1"}', '{"host": "h", "port": "x"}'])
def test_a_pool_without_an_endpoint_is_not_healthy(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "endpoint.json").write_text(content)
    assert health.main(["--directory", str(tmp_path)]) == 1
    assert "does not answer" in capsys.readouterr().err
