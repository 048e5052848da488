# make run    everything, on embedded defaults        make test    everything that guards it
# make up     on a Docker host: control plane, broker, PostgreSQL, Redis, pools as containers; make down stops it
.PHONY: run serve up down test lint types client lock clean environment environment-dev portal

run: environment portal
	@exec .venv/bin/flotilla up

serve: environment portal
	@exec .venv/bin/flotilla serve

up:
	@exec scripts/deploy up

down:
	@exec scripts/deploy down

test: environment-dev
	@exec scripts/test

lint: environment-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	scripts/portal dev
	scripts/portal npm run --silent lint

types: environment-dev
	.venv/bin/mypy
	scripts/portal dev
	scripts/portal npm run --silent types

# Generates the clients of the API anew, after the API changed: in Python, and the portal's in TypeScript.
client: environment-dev
	.venv/bin/python -m clients.generate
	scripts/portal dev
	scripts/portal npm run --silent api

bench-%: environment-dev
	@exec .venv/bin/python -m benchmarks.$* $(ARGS)

# Compiles the requirements anew; needs uv. No registry address gets into them.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	for set in pool/image deploy; do uv pip compile -q --python-version 3.13 --python-platform linux --generate-hashes --no-emit-index-url --no-header --no-annotate -c requirements.txt $$set/requirements.in -o $$set/requirements.txt || exit 1; done

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache api/portal/dist ui/node_modules ui/.node ui/.node-venv

environment:
	@scripts/bootstrap

environment-dev:
	@scripts/bootstrap dev

# Builds the portal, where its sources changed; of itself `make run` does it.
portal:
	@scripts/portal
