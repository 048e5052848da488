"""Whoever has exchange keys in its memory leaves no core dump, whatever the limit that it was started with, and the
control plane lets nobody of its user read its memory."""

import os
import resource
import subprocess
import sys

import pytest

_RUN = """
import atexit, ctypes, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
atexit.register(lambda: print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)))
atexit.register(lambda: print("limits", *resource.getrlimit(resource.RLIMIT_CORE)))
sys.argv = ["program", *sys.argv[2:]]
from {module} import main
main()
"""

_NOWHERE = os.environ | {"FLOTILLA_HOME": "/dev/null/nowhere"}


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_CORE)[1] == 0, reason="none are written here in any case")
@pytest.mark.parametrize(
    ("module", "arguments"),
    [("api.cli", ["--help"]), ("orchestrator.__main__", []), ("pool.agent.__main__", ["--directory", "/nowhere"])],
)
def test_no_core_is_dumped_of_who_has_keys(module: str, arguments: list[str]) -> None:
    assert "limits 0 0" in _at_the_end(module, arguments)


@pytest.mark.parametrize(("module", "arguments"), [("api.cli", ["--help"]), ("orchestrator.__main__", [])])
def test_no_other_process_reads_the_memory_of_the_control_plane(module: str, arguments: list[str]) -> None:
    assert "dumpable 0" in _at_the_end(module, arguments)


def _at_the_end(module: str, arguments: list[str]) -> list[str]:
    command = [sys.executable, "-c", _RUN.format(module=module), "-", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=_NOWHERE)
    assert ended.stdout, ended.stderr
    return ended.stdout.splitlines()
