from pathlib import Path

import pytest

from orchestrator.templates.catalogue import Catalogue

TEMPLATES = Path(__file__).parents[3] / "bot_templates"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The templates that ship."""
    return Catalogue.load(TEMPLATES)
