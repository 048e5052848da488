"""Makes `flotilla_client`, the typed Python client, of the API's OpenAPI document.

    python -m clients.generate            writes clients/python/flotilla_client anew
    python -m clients.generate --to DIR   writes it there
    python -m clients.generate --document FILE   writes the document alone, of which the portal's client is made

By openapi-python-client, without a server: the document is what `create_app` makes. The same document gives the same
files, byte by byte; a test compares them with those of the repository.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

from api.app import create_app
from api.deps import Services
from api.settings import ApiSettings

_TEMPLATES = Path(__file__).parent / "templates"
PACKAGE = Path(__file__).parent / "python" / "flotilla_client"
_CONFIG = """
project_name_override: flotilla-client
package_name_override: flotilla_client
literal_enums: true
post_hooks: []
"""
_QUALIFIED = re.compile(r"api__(?P<slice>\w+?)__(?:\w+__)?(?P<name>\w+)")
"""How FastAPI tells models of one name in two slices apart."""
_TOKEN = "    token: str\n"
_STYLE = ("--isolated", "--quiet", "--line-length", "120", "--target-version", "py311")


def main() -> None:
    arguments = _arguments()
    if arguments.document is not None:
        arguments.document.write_text(json.dumps(_document(), indent=1) + "\n")
        return
    generate(arguments.to)


def generate(to: Path) -> None:
    """Replaces the directory. Raises CalledProcessError, with what the generator said on standard error."""
    with tempfile.TemporaryDirectory() as scratch:
        document, configuration = Path(scratch) / "openapi.json", Path(scratch) / "config.yaml"
        document.write_text(json.dumps(_document()))
        configuration.write_text(_CONFIG)
        made = Path(scratch) / "flotilla_client"
        command = ["openapi-python-client", "generate", "--meta", "none", "--fail-on-warning"]
        files = ["--path", document, "--config", configuration, "--custom-template-path", _TEMPLATES]
        _run(*command, *map(str, files), "--output-path", str(made))
        _hide_token(made / "client.py")
        _run("ruff", "check", *_STYLE[:2], "--select", "F401,I", "--fix", "--exit-zero", str(made))
        _run("ruff", "format", *_STYLE, str(made))
        (made / "py.typed").write_text("")
        shutil.rmtree(made / ".ruff_cache", ignore_errors=True)
        if to.exists():
            shutil.rmtree(to)
        shutil.copytree(made, to)


def _document() -> dict[str, Any]:
    """With names that the generator tells apart, the slice's before the model's. A body has fields of its own, and none
    by key, which a type checker would let pass; what a newer server says besides is passed over."""
    document = create_app(cast(Services, Mock()), ApiSettings()).openapi()
    text = _QUALIFIED.sub(lambda found: _class_name(found["slice"]) + found["name"], json.dumps(document))
    renamed: dict[str, Any] = json.loads(text)
    for name, schema in renamed["components"]["schemas"].items():
        schema["title"] = name
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    for operation in (one for path in renamed["paths"].values() for one in path.values()):
        _leave_out(operation)
    return renamed


def _leave_out(operation: dict[str, Any]) -> None:
    """A body or a header is left out, never null: the generated code would send what JSON and HTTP have no word for."""
    headers = [one for one in operation.get("parameters", []) if one["in"] == "header"]
    bodies = operation.get("requestBody", {}).get("content", {}).values()
    for holder in (*headers, *bodies):
        options = holder["schema"].get("anyOf", [])
        if {"type": "null"} in options:
            (said,) = (one for one in options if one != {"type": "null"})
            holder["schema"] = said


def _hide_token(client: Path) -> None:
    """Nobody shall find it in the `repr` of a client. Raises ValueError where the generator writes something else."""
    text = client.read_text()
    if text.count(_TOKEN) != 1:
        raise ValueError("the generated client keeps its token otherwise than before: look at _hide_token")
    client.write_text(text.replace(_TOKEN, "    token: str = field(repr=False)\n"))


def _class_name(slice_name: str) -> str:
    return "".join(word.capitalize() for word in slice_name.split("_"))


def _run(*command: str) -> None:
    program = Path(sys.executable).with_name(command[0])
    subprocess.run([str(program), *command[1:]], check=True, stdout=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=PACKAGE)
    parser.add_argument("--document", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
