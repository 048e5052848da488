"""The document that the README shows is one, and says something about everything."""

import re
from pathlib import Path

import yaml

from pool.contract.policy import PolicyDocument

README = Path(__file__).parents[3] / "README.md"


def test_the_documented_policy_is_complete_and_valid() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    document = PolicyDocument.model_validate(yaml.safe_load(text))
    assert document.model_fields_set == PolicyDocument.model_fields.keys()
    assert document.limits is not None
    assert [name for name, value in document.limits if value is None] == []
