# Each target does its own set-up. Needed beforehand: Python 3.10 or newer, with pip and venv, and make.
#
#   make demo PYTHON=python3.12 VENV=.venv-3.12      another interpreter, in an environment of its own
#   make demo STORAGE=redis://localhost              another storage for the bot: see botkeep.storage_at
#   make test ARGS="-k sqlite -x"                    some of the tests
#   make test PROCESSES=0                            in one process, for a debugger

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python -m

# How many processes run tests; logical: as many as there are processors.
PROCESSES ?= logical
PYTEST := pytest --numprocesses $(PROCESSES) --dist worksteal

# What a change most likely breaks: the core, its laws on two storages, dialogues; then the snippets of the README,
# which run in their order and so in one process. Left out: real servers, programs that are killed, long searches.
QUICK := tests/test_errors.py tests/test_imports.py tests/test_keys.py tests/test_lease.py tests/test_subjects.py \
	tests/test_ttl.py tests/test_typed_documents.py tests/core tests/files tests/fsm \
	tests/packaging/test_distribution.py \
	tests/storages/test_memory.py tests/storages/test_sqlite.py \
	--deselect tests/storages/test_sqlite.py::TestSQLiteStorageThatSurvivesAKillOnly

.PHONY: help demo test quick coverage coverage-report check lint types snippets dist wheel bench bench-compare docs clean
help:
	@echo "make demo      order a pizza in the terminal; kill it, start it again, and it goes on"
	@echo "make quick     the tests that a change most likely breaks, in under a minute"
	@echo "make test      the whole test suite"
	@echo "make coverage  the suite, and which lines and branches it never takes"
	@echo "make check     lint, formatting, types, and the snippets of README and docs"
	@echo "make wheel     build sdist and wheel; try the wheel without extras and with each one alone"
	@echo "make bench     side by side with peers; writes docs/performance.md and its picture"
	@echo "make bench-compare REV=main SUITES='sqlite redis'    what became slower than at that revision"
	@echo "make docs      the documentation as a site, with the reference"
	@echo "make clean     remove what the targets above installed"

demo: $(VENV)/installed$(if $(findstring redis,$(STORAGE)),-redis)
	@$(VENV)/bin/python examples/pizza_terminal.py

# UNDER is what runs pytest, if not Python itself: "coverage run -m".
test: $(VENV)/installed-dev
	$(RUN) $(UNDER) $(PYTEST) $(ARGS)

quick: $(VENV)/installed-dev
	$(RUN) $(PYTEST) -q --extras "" $(QUICK) $(ARGS)
	$(RUN) pytest -q README.md

coverage: $(VENV)/installed-dev
	$(RUN) coverage erase
	$(MAKE) test UNDER="coverage run -m"
	$(MAKE) coverage-report

coverage-report: $(VENV)/installed-dev
	$(RUN) coverage combine --quiet
	$(RUN) coverage report

check: lint types snippets

lint: $(VENV)/installed-dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	PATH="$(abspath $(VENV))/bin:$$PATH"; ! command -v shellcheck >/dev/null || shellcheck .ci/run
	! command -v actionlint >/dev/null || actionlint .github/workflows/*.yml

types: $(VENV)/installed-dev
	$(RUN) mypy
	PATH="$(abspath $(VENV))/bin:$$PATH" basedpyright --verifytypes botkeep --ignoreexternal

snippets: $(VENV)/installed-dev
	$(RUN) pytest README.md CONTRIBUTING.md docs src

# EXTRAS="none redis" tries some of them.
wheel: dist
	$(PYTHON) tests/packaging/try_wheel.py dist/botkeep-*.whl $(EXTRAS)

dist: $(VENV)/installed-dev
	rm -rf dist
	$(RUN) build --outdir dist

bench: $(VENV)/installed-bench
	$(RUN) benchmarks

# The exit code is 1 if a row became slower by more than the noise.
REV ?= HEAD
bench-compare: $(VENV)/installed-bench
	$(RUN) benchmarks --compare $(REV) $(SUITES)

docs: $(VENV)/installed-docs
	$(RUN) sphinx -q -W --keep-going -b html docs build/docs
	@echo "Open build/docs/index.html"

clean:
	rm -rf $(VENV) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/installed: pyproject.toml
	@$(call install,--editable .)
	@touch $@

$(VENV)/installed-docs: pyproject.toml docs/requirements.txt
	@$(call install,--editable '.[dev]' --requirement docs/requirements.txt)
	@touch $(VENV)/installed $@

$(VENV)/installed-%: pyproject.toml
	@$(call install,--editable '.[$*]')
	@touch $(VENV)/installed $@

# Standard input belongs to the demo's user, standard output to the dialogue.
define install
echo "Setting up $(VENV), once ..." >&2
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
	f"Botkeep needs Python 3.10 or newer, $(PYTHON) is {sys.version.split()[0]}; try: make PYTHON=python3.12")'
test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV) </dev/null >&2
$(VENV)/bin/pip install -qq --disable-pip-version-check $(1) </dev/null >&2
endef
