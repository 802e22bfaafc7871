# Every path here is relative: make cannot quote a folder whose name has spaces.
SHELL := /bin/sh
# Empty means: what LETOPIS_PORT says, else 8000.
PORT ?=
AT = $(if $(PORT),--port $(PORT))
# Empty means: the first Python of 3.11 or newer that is found.
PYTHON ?=

READY := .venv/.ready
BIN := .venv/bin

# A virtual environment does not survive being moved: then it is made again.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): moved-or-missing
endif

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-clients test-browser test-scale test-clock odd mutants vendor freeze check audit bench torture torture-short doctor clean lock moved-or-missing

help: ## print this list
	@echo "Letopis: an event-sourced CRM backend. What you can type:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

setup: $(READY) ## make the environment in .venv from the lock file
	@:

run: $(READY) ## start Letopis (PORT=8000) with its own database; Ctrl-C stops all of it
	@$(BIN)/letopis serve $(AT)

demo: $(READY) ## tell the whole story on a throw-away database, under a minute
	@$(BIN)/letopis demo

# The suite starts hundreds of processes: each would compile all it imports anew where bytecode is not kept.
test: $(READY) ## run the whole test suite
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The generators stay out of .venv: what they are made of and what we are made of exclude each other.
test-clients: $(READY) ## generate clients in Python and TypeScript (npm), and tell the tour with them
	@$(BIN)/python -m venv .clients
	@.clients/bin/python -m pip --disable-pip-version-check --quiet install --no-input --only-binary :all: \
	  --require-hashes --requirement requirements-clients.lock
	@cp tests/clients/package.json tests/clients/package-lock.json .clients/
	@npm ci --silent --no-audit --no-fund --prefix .clients
	@$(BIN)/python -m pytest tests/clients

# The browser is the system's own (Debian: apt install chromium); CHROMIUM names another.
test-browser: $(READY) ## look at the console with a real browser (Chromium): what it loads, keys, contrast, width
	@$(BIN)/python -m pytest tests/browser

test-scale: $(READY) ## install Dask beside the rest, and fold an exported log with it
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-input --no-compile --only-binary :all: \
	  --require-hashes --requirement requirements-scale.lock
	@$(BIN)/python -m pytest tests/scale

test-clock: $(READY) ## run the service under clocks that are wrong; needs Debian's libfaketime
	@$(BIN)/python -m pytest tests/clock

odd: $(READY) ## tell 10,000 commands as odd as can be, and look whether everything behind them takes them
	@LETOPIS_ODD_COMMANDS=10000 $(BIN)/python -m pytest -q tests/system/test_accepts_all.py

mutants: $(READY) ## plant faults in the rules and the folds, and count those that a test sees
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-input --no-compile --only-binary :all: \
	  --require-hashes --requirement requirements-mutants.lock
	@$(BIN)/python -m tests.mutants

vendor: $(READY) ## take the console's script, font and icons anew from the npm registry, as VENDOR.toml names them
	@$(BIN)/python -m tests.vendored

freeze: $(READY) ## write the files of what is new and stays for ever: stored forms, schemas, columns of views
	@$(BIN)/python -m tests.frozen

check: $(READY) ## format, lint, security rules, types, arrows, lengths of files, dependencies; needs no network
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_architecture.py
	$(BIN)/deptry .
	$(BIN)/python -m pip --disable-pip-version-check check

audit: $(READY) ## ask the public advisories about every locked package; needs the network
	@$(BIN)/pip-audit --require-hashes --disable-pip --timeout 10 --requirement requirements.lock || { \
	  status=$$?; echo "audit: a finding is listed above; a connection error means the advisories were out of reach," \
	  "so nothing is known: try again with a network." >&2; exit $$status; }

bench: $(READY) ## measure ours against the usual way, into var/bench.json
	@$(BIN)/python -m tests.bench

torture: $(READY) ## kill every part at bad moments, for long
	@$(BIN)/python -m tests.torture
	@$(BIN)/python -m tests.torture.rebuild_kills 200

torture-short: $(READY) ## the same in minutes
	@$(BIN)/python -m tests.torture --short

doctor: $(READY) ## say what is wrong, why it matters and how to mend it (PORT=8000)
	@$(BIN)/letopis doctor $(AT)

clean: ## remove the environment and everything that tools wrote; var, your data, stays
	rm -rf .venv .clients .mutants build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(READY) ## write the lock files again from pyproject.toml, with the newest versions it allows (on Python 3.11)
	$(BIN)/pip-compile --quiet --upgrade --extra dev --extra charts --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --extra scale --constraint requirements.lock --generate-hashes --allow-unsafe \
	  --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --output-file requirements-scale.lock pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --extra mutants --constraint requirements.lock --generate-hashes --allow-unsafe \
	  --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --output-file requirements-mutants.lock pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
	  --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
	  --output-file requirements-clients.lock tests/clients/requirements.in
	cd tests/clients && npm update --silent --no-audit --no-fund --package-lock-only

moved-or-missing:

$(READY): requirements.lock pyproject.toml
	@python=; for candidate in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "Letopis needs Python 3.11 or newer with its venv module, and found none." >&2; \
	  echo "Install one (Debian: apt install python3 python3-venv), or name it: make setup PYTHON=/path/to/python3" >&2; \
	  exit 1; fi; \
	if [ "$$(cat $(READY) 2>/dev/null)" = "$$PWD" ]; then clear=; else clear=--clear; fi; \
	rm -f $(READY) && echo "setup: making .venv with $$("$$python" --version)" && "$$python" -m venv $$clear .venv
	@echo "setup: installing the locked packages; the first time this takes about a minute"
	@# Not compiled ahead: Python does that for what it really uses, and set-up takes a third less.
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-input --no-compile --only-binary :all: \
	  --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-input --no-deps --no-build-isolation --editable .
	@printf '%s\n' "$$PWD" > $(READY)
	@echo "setup: ready"
