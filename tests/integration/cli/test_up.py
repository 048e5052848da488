"""`up` and `serve` around a control plane: what is printed, what signals do, what survives a closed terminal."""

import os
import pty
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import eventually_sync

Start = Callable[..., "Running"]


class Running:
    """A started command; its output goes to a file unless it has a terminal."""

    def __init__(self, home: Path, output: Path, process: subprocess.Popen[bytes]) -> None:
        self.home = home
        self._file = output
        self.process = process

    @property
    def output(self) -> str:
        return self._file.read_text()

    def url(self) -> str:
        def find() -> str | None:
            found = re.search(r"docs: (http://\S+)/docs", self.output)
            assert self.process.poll() is None, self.output
            return found[1] if found else None

        url = eventually_sync(find, message="the URL is printed")
        assert url is not None
        eventually_sync(lambda: _answers(url), message="the API answers")
        return url

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def run(verb: str, *arguments: str, **environment: str) -> Running:
        home = tmp_path / "home"
        output = tmp_path / f"output-{len(started)}"
        own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.up_without_pools", verb, *arguments],
                env={**own, "FLOTILLA_HOME": str(home), "FLOTILLA_PORT": "0", **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        started.append(Running(home, output, process))
        return started[-1]

    yield run
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.mark.parametrize(("verb", "number", "pools"), [("up", signal.SIGINT, True), ("serve", signal.SIGTERM, False)])
def test_the_first_signal_stops_in_good_order(start: Start, verb: str, number: signal.Signals, pools: bool) -> None:
    running = start(verb)
    running.url()
    assert running.end(number) == 0
    assert f"stop pools={pools}" in running.output
    assert "Stopped" in running.output.splitlines()[-1]


def test_an_interrupt_stops_also_what_a_script_put_in_the_background(start: Start) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as shells do for `flotilla up &`
    try:
        running = start("up")
    finally:
        signal.signal(signal.SIGINT, before)
    running.url()
    assert running.end(signal.SIGINT) == 0


def test_the_second_signal_stops_at_once(start: Start) -> None:
    running = start("up", FAKE_STOP_HANGS="1")
    running.url()
    running.process.send_signal(signal.SIGINT)
    eventually_sync(lambda: "stop pools=True" in running.output, message="the stop began")
    assert running.process.poll() is None
    assert running.end(signal.SIGINT) == 1
    assert "Stopped at once" in running.output


def test_the_api_answers_while_pools_warm_up_and_says_so(start: Start) -> None:
    url = start("up").url()
    ready = httpx.get(f"{url}/readyz", timeout=60)
    assert ready.status_code == 503
    assert "warming up" in ready.json()["detail"]
    assert httpx.get(f"{url}/docs", timeout=60).is_success


def test_plain_lines_tell_changes_and_where_the_password_is(start: Start) -> None:
    first = start("up")
    first.url()
    password = (first.home / "admin-password").read_text()
    eventually_sync(lambda: "demo-trend: pending" in first.output, message="the fleet is told")
    assert password not in first.output
    assert "admin-password" in first.output
    assert first.end(signal.SIGINT) == 0
    again = start("up")
    again.url()
    assert password not in again.output
    assert again.end(signal.SIGINT) == 0


def test_what_it_makes_is_its_owners_alone_and_the_log_has_no_password(start: Start) -> None:
    running = start("serve")
    running.url()
    password = (running.home / "admin-password").read_text()
    assert running.end(signal.SIGTERM) == 0
    for path in [running.home, *running.home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert password not in (running.home / "logs" / "control-plane.log").read_text()


def test_a_password_that_is_changed_is_in_no_file_any_more(start: Start) -> None:
    running = start("serve")
    url = running.url()
    file = running.home / "admin-password"
    first, chosen = file.read_text(), "seven grey herons wade"
    assert httpx.get(f"{url}/api/v1/auth/methods", timeout=60).json()["first_run"] is True
    credentials = {"username": "admin", "password": first}
    signed_in = httpx.post(f"{url}/api/v1/auth/login", json=credentials, timeout=60)
    changed = httpx.put(
        f"{url}/api/v1/auth/password",
        json={"current_password": first, "new_password": chosen},
        headers={"Authorization": f"Bearer {signed_in.json()['access_token']}"},
        timeout=60,
    )
    assert changed.status_code == 204, changed.text
    eventually_sync(lambda: not file.exists(), message="the old password's file is removed")
    assert httpx.get(f"{url}/api/v1/auth/methods", timeout=60).json()["first_run"] is False
    assert running.end(signal.SIGTERM) == 0
    assert not [path for path in running.home.rglob("*") if path.is_file() and chosen.encode() in path.read_bytes()]
    file.write_text(first)  # as a backup of the home puts it back
    again = start("serve")
    again.url()
    eventually_sync(lambda: not file.exists(), message="what was put back is removed")
    assert again.end(signal.SIGTERM) == 0


def test_the_log_goes_to_whoever_collects_standard_error_where_asked(start: Start) -> None:
    quiet = start("serve")
    httpx.post(f"{quiet.url()}/api/v1/bots", timeout=60)
    assert quiet.end(signal.SIGTERM) == 0
    assert "POST /api/v1/bots" not in quiet.output
    told = start("serve", FLOTILLA_API_LOG_TO_STDERR="true")
    httpx.post(f"{told.url()}/api/v1/bots", timeout=60)
    eventually_sync(lambda: "POST /api/v1/bots 401" in told.output, message="the request is told")
    assert told.end(signal.SIGTERM) == 0


def test_a_surprise_is_one_sentence_and_in_the_log(start: Start) -> None:
    running = start("up", FAKE_START_BREAKS="1")
    assert running.process.wait(60) == 1
    assert "Traceback" not in running.output
    assert "The log tells more" in running.output
    assert "a surprise" not in running.output
    assert "KeyError" in (running.home / "logs" / "control-plane.log").read_text()


def test_a_pipe_that_nobody_reads_any_more_stops_nothing(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.up_without_pools", "up"],
        env={**own, "FLOTILLA_HOME": str(tmp_path), "FLOTILLA_PORT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = next(found[1] for line in process.stdout if (found := re.search(r"docs: (http://\S+)/docs", line)))
        process.stdout.close()
        eventually_sync(lambda: _answers(url), message="the API answers")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_on_a_terminal_the_view_is_live_and_outlives_the_terminal(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    main_end, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.up_without_pools", "up"],
        env={
            **own,
            "FLOTILLA_HOME": str(tmp_path),
            "FLOTILLA_PORT": "0",
            "TERM": "xterm",
            "COLUMNS": "150",
            "LINES": "40",
        },
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    try:
        while b"demo-trend" not in seen or b"0 open trades" not in seen:
            seen += os.read(main_end, 65_536)
        url = re.search(rb"docs: (http://[0-9.:]+)/docs", seen)
        assert url is not None
        os.close(main_end)  # the terminal is gone: what is written to it from now on fails
        eventually_sync(lambda: _answers(url[1].decode()), message="the API answers")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
