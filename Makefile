# Needs only make and Python 3.11 to 3.13; everything else goes into .venv on the first call.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help chaos demo demo-headless demo-roadmap demo-downloads demo-appium test snapshots bench bench-check lint audit docs lock clean tools compiled

help:
	@echo 'make demo    watch a day on the simulated farm in the cockpit'
	@echo 'make demo-headless  publish the same day without a screen'
	@echo 'make demo-appium    the same day over the real adb and Appium of this host'
	@echo 'make demo-roadmap   coding-agent tasks of a sample project, with an agent that costs nothing'
	@echo 'make demo-downloads  attachments of orders from a site of our own, with real browsers'
	@echo 'make test    every check and test, as CI runs them'
	@echo 'make tools   adb and Appium for the tests over them, where they can be had'
	@echo 'make chaos   300 days under faults: nothing posted twice, lost, or left on'
	@echo 'make bench   every speed and memory claim, measured here, into docs/performance.md'
	@echo 'make bench-check    no build wastes more than it may; part of make test'
	@echo 'make lint    formatting, rules, types, import contracts'
	@echo 'make audit   dependencies: pinned by hash, and without known security holes'
	@echo 'make snapshots  make the pictures of the screens anew, after a wanted change'
	@echo 'make docs    rewrite the generated tables in docs/'
	@echo 'make lock    resolve the dependencies anew (needs uv)'

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo 'Python 3.11, 3.12 or 3.13 is needed and none was found; name one with PYTHON=...'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	@$(BIN)/geelark-console demo

demo-headless: $(STAMP)
	@$(BIN)/python -m simulator demo --workers 5

demo-roadmap: $(STAMP)
	@if [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; then cockpit=--cockpit; fi; $(BIN)/python -m simulator roadmap $$cockpit

# Needs Chromium and its driver; where they cannot be had it says so.
demo-downloads: tools
	@if [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; then cockpit=--cockpit; fi; $(BIN)/python -m simulator downloads $$cockpit

# Needs adb and Node; where Appium cannot be had, the second call says why.
demo-appium: tools
	@$(BIN)/geelark-console doctor --install
	@$(BIN)/python -m simulator demo --workers 5 --appium

lint: $(STAMP)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

# GEELARK_REQUIRE_AUDIT=1: not to be able to ask is a failure too.
audit: $(STAMP)
	@.ci/audit

# Where adb or Node cannot be had, the tests over them are skipped and say so.
tools: $(STAMP)
	-@.ci/tools

# Once for all processes of the tests: each would compile every module of them for itself.
compiled: $(STAMP)
	-@$(BIN)/pytest --collect-only -qq >/dev/null

# What goes before the tests, side by side: each of them leaves a core idle.
BEFORE := lint tools compiled

# Real processes, timed, on a host that may stand still for seconds: what failed among the others is
# named above, and looked at once more alone. Passing then, it is a race to mend; failing, it is broken.
AGAIN := $(BIN)/pytest --last-failed --last-failed-no-failures none --exitfirst

# More processes than cores: most of the time a test waits for a phone.
test: $(STAMP)
	@$(MAKE) --no-print-directory --jobs $(BEFORE)
	$(BIN)/pytest -n 5 --dist worksteal || { [ $$? -eq 1 ] && $(AGAIN); }
	$(BIN)/python -m benchmarks.chaos --runs 14 --seed 18 --at-once 4 --jobs 2
	@$(MAKE) --no-print-directory bench-check

snapshots: $(STAMP)
	$(BIN)/pytest tests/snapshots --snapshot-update

# Days under faults against the farm's truth: about half an hour on two cores.
chaos: $(STAMP)
	$(BIN)/python -m benchmarks.chaos --runs 300 --seed 1 --at-once 6

# A quarter of an hour on two cores; one alone: python -m benchmarks --only NAME
bench: $(STAMP)
	@$(BIN)/python -m benchmarks

# Ratios and counts against benchmarks/bounds.py: under two minutes, also where much else runs.
bench-check: $(STAMP)
	@$(BIN)/python -m benchmarks.check

docs: $(STAMP)
	$(BIN)/python -m docs.tables

lock:
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --all-extras pyproject.toml -o requirements.lock
	echo 'pip-audit>=2.10,<3' | uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 - -o .ci/audit.lock

clean:
	rm -rf $(VENV) .appium .mypy_cache .pytest_cache .ruff_cache .hypothesis
