# make run    everything, on embedded defaults        make test    everything that guards it
.PHONY: run serve test lint types lock clean environment environment-dev

run: environment
	@exec .venv/bin/flotilla up

serve: environment
	@exec .venv/bin/flotilla serve

test: environment-dev
	@exec scripts/test

lint: environment-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: environment-dev
	.venv/bin/mypy

bench-%: environment-dev
	@exec .venv/bin/python -m benchmarks.$* $(ARGS)

# Compiles the requirements anew; needs uv. No registry address gets into them.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

environment:
	@scripts/bootstrap

environment-dev:
	@scripts/bootstrap dev
