"""The walls of the house: import contracts, one table of HTTP statuses, documented settings, no stray files."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from api.errors import STATUS, EdgeCode
from orchestrator.errors import Error, ErrorCode
from pool.contract.errors import AGENT_ERROR_STATUS, AgentErrorCode

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    outcome = subprocess.run(
        [ROOT / ".venv/bin/lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert outcome.returncode == 0, outcome.stdout


def test_every_error_code_has_a_status() -> None:
    assert set(STATUS) == {*ErrorCode, *EdgeCode}
    assert set(AGENT_ERROR_STATUS) == set(AgentErrorCode)


def test_every_error_code_has_one_class() -> None:
    def leaves(cls: type[Error]) -> list[type[Error]]:
        return [c for sub in cls.__subclasses__() for c in ([sub] if "code" in vars(sub) else []) + leaves(sub)]

    codes = [cls.code for cls in leaves(Error)]
    assert sorted(codes) == sorted(ErrorCode)


@pytest.mark.parametrize("module", ["api/settings.py", "orchestrator/settings.py", "pool/settings.py"])
def test_every_setting_is_documented(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text())
    for cls in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
        for field, following in zip(cls.body, [*cls.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
                assert documented, f"{module}: {cls.name}.{field.target.id} has no docstring"


def test_only_units_of_work_commit() -> None:
    committing = [
        str(path.relative_to(ROOT))
        for room in ("api", "orchestrator")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\.commit\(\)", path.read_text())
    ]
    assert committing == ["orchestrator/db/engine.py"]


def test_requirements_name_no_registry_and_are_hashed() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        pins = re.findall(r"^[a-z0-9].*==.*$", text, flags=re.MULTILINE)
        assert pins
        assert all(pin.rstrip().endswith("\\") for pin in pins), "every pin carries hashes"
