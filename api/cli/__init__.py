"""The `flotilla` command."""

from api.cli.root import main

__all__ = ["main"]
