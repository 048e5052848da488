"""Documents of policies, as people write them: JSON or YAML, from a file or standard input."""

import sys
from pathlib import Path
from typing import Any

import yaml

from api.cli.exits import CliError, ExitCode


def read_document(source: str) -> dict[str, Any]:
    """From a file, or from standard input. Raises CliError."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CliError(f"Cannot read {source}: {reason}.", ExitCode.USAGE) from None
    try:
        content = yaml.load(text, _Exact)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise CliError(f"{source} cannot be taken as JSON or YAML: {error}", ExitCode.INVALID) from None
    if not isinstance(content, dict):
        raise CliError(f"{source} must be an object of sections, such as hard_stop.", ExitCode.INVALID)
    return content


class Written:
    """A document as a person wrote it, in the place of its class: what is wrong with it the API tells by its field."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    def to_dict(self) -> dict[str, Any]:
        return self._content


class _Exact(yaml.SafeLoader):
    """Numbers stay the text that they are written as, for money is exact, and 17:00 a time. A field that is given twice
    is an error: one of the two would count."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [name.value for name, _ in node.value]
        for place, (name, _) in enumerate(node.value):
            if name.value in names[:place]:
                raise yaml.constructor.ConstructorError(None, None, f"{name.value} is given twice", name.start_mark)
        return super().construct_mapping(node, deep)


_Exact.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":bool", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
