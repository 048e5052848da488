"""The catalogue: every folder of `bot_templates` that holds a `template.yaml`, read and checked once at start.

A template is data: `template.yaml` (title, parameters, defaults), `config.json` (base FreqTrade configuration),
`strategy.py` (one FreqTrade strategy) and `README.md`. Whatever is wrong with one is said here, with file and problem,
before a bot can be made of it.
"""

import ast
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import ValidationError

from orchestrator.errors import NotFound, TemplateBroken
from orchestrator.kit.pages import Page, decode_cursor, page_of
from orchestrator.templates.own import OWN
from orchestrator.templates.template import Template, TemplateDefaults

__all__ = ["Catalogue", "Template", "TemplateDefaults"]

_FILES = ("template.yaml", "config.json", "strategy.py", "README.md")
_SIMPLE_TYPES = {"integer", "number", "boolean", "string"}


class Catalogue:
    """All templates by name; immutable."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = dict(sorted(templates.items()))

    @classmethod
    def load(cls, directory: Path) -> "Catalogue":
        """Reads every template below `directory`. Raises TemplateBroken naming the file and the problem."""
        try:
            folders = sorted(path.parent for path in directory.glob("*/template.yaml"))
        except OSError as error:
            raise TemplateBroken(f"Cannot read the templates in {directory}: {error.strerror}.") from error
        if not folders:
            raise TemplateBroken(f"No template found: {directory} holds no folder with a template.yaml.")
        return cls({folder.name: _read_template(folder) for folder in folders})

    def get(self, name: str) -> Template:
        """Also what stands for a template where a strategy is a user's own (`templates.own`), which no list has. Raises
        NotFound, naming the templates that exist."""
        template = OWN if name == OWN.name else self._templates.get(name)
        if template is None:
            known = ", ".join(self._templates)
            raise NotFound(
                f"There is no template {name!r}; choose one of: {known}.", field="template", known=list(self._templates)
            )
        return template

    def all(self) -> list[Template]:
        """By name."""
        return list(self._templates.values())

    def page(self, limit: int, after: str | None) -> Page[Template]:
        """By name. Raises InvalidSpec (field `after`)."""
        (last,) = ("",) if after is None else decode_cursor(after, [str])
        following = [template for template in self.all() if template.name > last]
        return page_of(following, limit, lambda template: (template.name,))


def _read_template(folder: Path) -> Template:
    texts = {name: _read_text(folder / name) for name in _FILES}
    manifest_path = folder / "template.yaml"
    manifest = _parse_manifest(manifest_path, texts["template.yaml"])
    config = _parse_config(folder / "config.json", texts["config.json"])
    digest = hashlib.sha256("\0".join(texts[name] for name in _FILES).encode()).hexdigest()
    try:
        template = Template(
            name=folder.name,
            docs=texts["README.md"],
            strategy_source=texts["strategy.py"],
            config=config,
            source_hash=digest,
            **manifest,
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise TemplateBroken(f"{manifest_path}: {place}: {first['msg']}.") from error
    _check_strategy(folder / "strategy.py", template)
    _check_parameters(manifest_path, template)
    return template


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateBroken(f"{path}: not UTF-8 text.") from error
    except OSError as error:
        raise TemplateBroken(f"{path}: {error.strerror}.") from error


def _parse_manifest(path: Path, text: str) -> dict[str, Any]:
    try:
        manifest = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TemplateBroken(f"{path}: not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(manifest, dict):
        raise TemplateBroken(f"{path}: must be a mapping.")
    reserved = {"name", "docs", "strategy_source", "config", "source_hash"} & manifest.keys()
    if reserved:
        raise TemplateBroken(f"{path}: {', '.join(sorted(reserved))} comes from the other files; remove it.")
    return manifest


def _parse_config(path: Path, text: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise TemplateBroken(f"{path}: not valid JSON: {error}.") from error
    if not isinstance(config, dict):
        raise TemplateBroken(f"{path}: must be an object.")
    return config


def _check_strategy(path: Path, template: Template) -> None:
    try:
        tree = ast.parse(template.strategy_source)
    except SyntaxError as error:
        raise TemplateBroken(f"{path}: line {error.lineno}: {error.msg}.") from error
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    if template.strategy_class not in classes:
        raise TemplateBroken(f"{path}: has no class {template.strategy_class}, which template.yaml names.")


def _check_parameters(path: Path, template: Template) -> None:
    schema = template.parameters
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise TemplateBroken(f"{path}: parameters: {error.message}.") from error
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        raise TemplateBroken(f"{path}: parameters: must say `type: object` and `additionalProperties: false`.")
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        raise TemplateBroken(f"{path}: parameters: has no properties.")
    for name, entry in properties.items():
        problem = _property_problem(entry)
        if problem:
            raise TemplateBroken(f"{path}: parameters.{name}: {problem}.")
    unknown = sorted(set(template.parameters_in_config) - set(properties))
    if unknown:
        raise TemplateBroken(f"{path}: parameters_in_config: {unknown[0]} is not a parameter.")
    for violation in Draft202012Validator(schema).iter_errors(template.parameter_defaults):
        raise TemplateBroken(f"{path}: parameters: a default breaks its own schema: {violation.message}.")


def _property_problem(entry: Any) -> str | None:
    if not isinstance(entry, dict) or entry.get("type") not in _SIMPLE_TYPES:
        return f"type must be one of {', '.join(sorted(_SIMPLE_TYPES))}"
    missing = [key for key in ("title", "description", "default") if key not in entry]
    if missing:
        return f"has no {missing[0]}"
    if entry["type"] in {"integer", "number"}:
        for key in ("minimum", "maximum"):
            if not isinstance(entry.get(key), int | float) or not math.isfinite(entry[key]):
                return f"needs a finite {key}"
    return None
