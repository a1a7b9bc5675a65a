# billfold: `make demo` shows the bill, `make test` proves it. Both set everything up by themselves.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BOOT := .cache/boot
UV := $(BOOT)/bin/uv
RUN := .venv/bin
export PATH := $(CURDIR)/$(BOOT)/bin:$(PATH)
export UV_LINK_MODE := copy
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
MEASURED := model wire ledger collect focus report
COMPILE := $(UV) pip compile -q --universal --generate-hashes --no-annotate --no-header --upgrade \
	--extra ledger --extra twin --extra pdf --extra xlsx --extra postgres --extra desk --extra oidc --extra mcp --extra oidc --group dev

.PHONY: help chromium demo demo-archive test test-fast coverage lint format docs rig worlds fuzz fuzz-api bench conformance lock clean

help:  ## Show what can be made.
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 15

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "billfold needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(BOOT)
	@$(BOOT)/bin/python -m pip install --quiet 'uv>=0.9'

.venv/.ready: $(UV) pyproject.toml requirements/dev.lock
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements/dev.lock
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@

.cache/chromium.ready:
	@mkdir -p .cache
	@if command -v chromium >/dev/null; then touch $@; \
		elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get install -y -qq chromium >/dev/null && touch $@; fi || true

chromium: .cache/chromium.ready
	@test -e $< || echo "There is no Chromium: the tests of pages in a browser are skipped. Install it as root: apt-get install chromium"

.venv/.bench: .venv/.ready requirements/bench.lock
	@$(UV) pip install --quiet --python .venv --require-hashes -r requirements/bench.lock
	@touch $@

demo: .venv/.ready  ## Four vendors' twins, twelve months, collected and shown.
	@$(RUN)/billfold demo

demo-archive: .venv/.ready  ## Collect the demo's archive anew from the twin, for `billfold serve --demo`.
	@$(RUN)/python -m tests.demo_archive

test: .venv/.ready chromium  ## Run all tests.
	@$(RUN)/python -m pytest -q -n 2 --dist worksteal

test-fast: .venv/.ready  ## Run what a change needs most often: all but whole journeys and outside witnesses.
	@$(RUN)/python -m pytest -q -n 2 --dist worksteal --ignore tests/rig --ignore tests/witnesses --ignore tests/laws --ignore tests/collect/test_sync.py \
		--ignore tests/ledger/test_read_only.py --ignore tests/ledger/test_broken_machine.py --ignore tests/test_canaries.py \
		--ignore tests/focus/test_export.py --ignore tests/focus/test_export_files.py

coverage: .venv/.ready  ## Measure which branches the tests take: at least 95 % in each of the rooms that books depend on.
	@$(RUN)/python -m pytest -q -n 2 --dist worksteal --cov --cov-report= --ignore tests/witnesses --ignore tests/rig
	@for room in $(MEASURED); do echo "$$room:"; $(RUN)/python -m coverage report --include "src/billfold/$$room/*" --fail-under 95 --skip-covered --format total || exit 1; done

lint: .venv/.ready  ## Check style and types.
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/mypy

format: .venv/.ready  ## Format the code.
	@$(RUN)/ruff format .

docs: .venv/.ready  ## Write the generated documents.
	@$(RUN)/python docs/make.py

rig: .venv/.ready  ## Kill, lie to and live through thousands of syncs (hours on two cores).
	@$(RUN)/python -m tests.rig.rig all --seeds 50 --days 510
	@$(RUN)/python -m tests.focus.digits 10000000

worlds: .venv/.ready  ## The sums of the month-end in every month of twenty worlds (a quarter of an hour).
	@BILLFOLD_ALL_WORLDS=1 $(RUN)/python -m pytest -q -n 2 --dist worksteal tests/laws/test_movements_add_up.py \
		tests/laws/test_allocation.py tests/laws/test_roll_forwards.py tests/tasks/test_accruals.py tests/tasks/test_journal.py

fuzz: .venv/.ready  ## Collect a million answers that lie, in two processes (about an hour).
	@$(RUN)/python -m tests.fuzz --seed 0 --step 2 --answers 500000 & first=$$!; \
		$(RUN)/python -m tests.fuzz --seed 1 --step 2 --answers 500000; second=$$?; wait $$first && exit $$second

fuzz-api: .venv/.ready  ## Ask the API 5,000 questions made from its OpenAPI document, right and wrong ones (minutes).
	@$(RUN)/python -m tests.serve.strangers --examples 23

bench: .venv/.bench  ## Measure, and write bench/results.md.
	@$(RUN)/python bench/run.py

conformance: .venv/.ready  ## Validate an export with the official FOCUS validator: make conformance FOCUS_MODEL=path.
	@$(RUN)/python -m tests.focus.conformance "$(FOCUS_MODEL)"

lock: $(UV)  ## Choose the newest versions of all dependencies.
	@$(COMPILE) pyproject.toml -o requirements/dev.lock
	@$(COMPILE) --group bench pyproject.toml -o requirements/bench.lock

clean:  ## Remove everything that was set up or made.
	@rm -rf .venv .cache demo .mypy_cache .ruff_cache .hypothesis
