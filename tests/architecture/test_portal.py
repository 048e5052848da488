"""What the portal's sources promise: a client of the API as it is now, and a lock that names no index."""

import filecmp
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "ui" / "src" / "api" / "generated"


@pytest.mark.timeout(300)
def test_its_client_is_what_would_be_generated_now(tmp_path: Path) -> None:
    if not (ROOT / "ui" / "node_modules" / ".bin" / "openapi-ts").exists():
        pytest.skip("the portal's tools are not installed: scripts/portal dev")
    document = tmp_path / "openapi.json"
    subprocess.run([sys.executable, "-m", "clients.generate", "--document", document], cwd=ROOT, check=True)
    where = {"FLOTILLA_OPENAPI": str(document), "FLOTILLA_API_TARGET": str(tmp_path / "generated")}
    command = ["scripts/portal", "npm", "run", "--silent", "api:of"]
    told = subprocess.run(command, cwd=ROOT, env={**os.environ, **where}, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    assert list(_differing(filecmp.dircmp(CLIENT, tmp_path / "generated"))) == [], "the API changed: make client"


def _differing(compared: "filecmp.dircmp[str]") -> Iterator[str]:
    _, changed, broken = filecmp.cmpfiles(compared.left, compared.right, compared.common_files, shallow=False)
    yield from (*compared.left_only, *compared.right_only, *changed, *broken)
    for below in compared.subdirs.values():
        yield from _differing(below)


def test_its_lock_has_checksums_and_names_no_index() -> None:
    lock = json.loads((ROOT / "ui" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry and not entry.get("inBundle")] == []
