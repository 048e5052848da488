"""What every test shares: with CI=true a test that was not run is a failure, and is named."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests.databases import database_url, empty_url, migrated_sqlite, postgres  # noqa: F401 - fixtures

# Examples are judged by what they show, not by how long they took on a busy machine.
hypothesis.settings.register_profile(
    "flotilla", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("flotilla")
_not_run: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _not_run.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    yield
    if _not_run and os.environ.get("CI") == "true" and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _not_run:
        verdict = (
            "a failure, since CI=true" if os.environ.get("CI") == "true" else "told, since this machine lacks a part"
        )
        terminalreporter.section(f"not run ({verdict})")
        for line in _not_run:
            terminalreporter.write_line(line)
