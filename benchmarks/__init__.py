"""What the README claims, as commands: `python -m benchmarks.NAME [--json]`, each beside the plain alternative."""
