"""Templates are checked when they are read; what is wrong is said with file and problem."""

import shutil
from pathlib import Path

import pytest

from orchestrator.errors import NotFound, TemplateBroken
from orchestrator.templates.catalogue import Catalogue
from tests.unit.templates.conftest import TEMPLATES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with one template that can be broken."""
    return Path(shutil.copytree(TEMPLATES / "trend", tmp_path / "trend"))


def test_three_templates_of_different_character(catalogue: Catalogue) -> None:
    assert [template.name for template in catalogue.all()] == ["breakout", "mean_reversion", "trend"]
    for template in catalogue.all():
        assert "When it loses" in template.docs
        assert 3 <= template.defaults.max_open_trades <= 5
        assert len(template.source_hash) == 64


def test_an_unknown_template_is_answered_with_the_known_ones(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="mean_reversion") as caught:
        catalogue.get("../trend")
    assert caught.value.params["field"] == "template"


def test_the_hash_follows_the_source(folder: Path) -> None:
    before = Catalogue.load(folder.parent).get("trend").source_hash
    with (folder / "strategy.py").open("a") as file:
        file.write("# changed\n")
    assert Catalogue.load(folder.parent).get("trend").source_hash != before


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("template.yaml", "title: Trend following\n", "", "title"),
        ("template.yaml", "title: Trend following\n", "title: [\n", "YAML"),
        ("template.yaml", "title: Trend following\n", "title: x\nname: y\n", "name"),
        ("template.yaml", "strategy_class: TrendFollowing", "strategy_class: Other", "no class Other"),
        ("template.yaml", "additionalProperties: false", "additionalProperties: true", "additionalProperties"),
        ("template.yaml", "maximum: 20", "maximum: 7", "default"),
        ("template.yaml", "      maximum: 20\n", "", "ema_fast: needs a finite maximum"),
        ("template.yaml", "take_profit: minimal_roi.0", "other: minimal_roi.0", "other is not a parameter"),
        ("template.yaml", 'stake_amount: "100"', 'stake_amount: "0"', "stake_amount"),
        ("config.json", "{", "[", "JSON"),
        ("strategy.py", "class TrendFollowing", "class Trend Following", "line"),
    ],
)
def test_broken_templates_are_told(folder: Path, file: str, old: str, new: str, says: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(TemplateBroken) as caught:
        Catalogue.load(folder.parent)
    assert file in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize("file", ["config.json", "strategy.py", "README.md"])
def test_missing_files_are_told(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(TemplateBroken, match=file):
        Catalogue.load(folder.parent)


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateBroken, match="No template found"):
        Catalogue.load(tmp_path)
