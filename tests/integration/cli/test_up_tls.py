"""`serve` with a certificate of its own: served, or told what is wrong with it before anything runs."""

import re
import signal
import ssl
from pathlib import Path

import httpx

from tests.fakes.certificates import write_certificate
from tests.integration.cli.test_up import Start, start  # noqa: F401 - a fixture
from tests.support import eventually_sync


def test_it_serves_https_and_nothing_else(start: Start, tmp_path: Path) -> None:  # noqa: F811
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    write_certificate(certificate, key)
    running = start("serve", FLOTILLA_API_TLS_CERTIFICATE=str(certificate), FLOTILLA_API_TLS_KEY=str(key))
    told = eventually_sync(lambda: re.search(r"docs: (https://\S+)/docs", running.output), message="the URL is printed")
    assert told is not None
    trusted = ssl.create_default_context(cafile=certificate)

    def answer() -> httpx.Response | None:
        try:
            return httpx.get(f"{told[1]}/healthz", verify=trusted, timeout=10)
        except httpx.ConnectError:
            return None

    found = eventually_sync(answer, message="the API answers")
    assert found is not None
    assert found.status_code == 200
    assert found.headers["strict-transport-security"].startswith("max-age=")
    try:
        plain = httpx.get(told[1].replace("https", "http") + "/healthz", timeout=10).status_code
    except httpx.HTTPError:
        plain = 0
    assert plain == 0
    assert "without TLS" not in running.output
    assert running.end(signal.SIGTERM) == 0


def test_a_certificate_that_cannot_be_served_is_told_before_anything_runs(start: Start, tmp_path: Path) -> None:  # noqa: F811
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    write_certificate(certificate, key, days=-0.5)
    running = start("serve", FLOTILLA_API_TLS_CERTIFICATE=str(certificate), FLOTILLA_API_TLS_KEY=str(key))
    assert running.process.wait(60) != 0
    assert "renew it" in running.output.replace("\n", " ")
    assert "Starting" not in running.output


def test_listening_to_the_network_without_tls_is_told(start: Start) -> None:  # noqa: F811
    running = start("serve", FLOTILLA_HOST="0.0.0.0")
    eventually_sync(lambda: "without TLS" in running.output, message="it is told")
    assert running.end(signal.SIGTERM) == 0
