# Each target does its own set-up. Needed beforehand: Python 3.10 or newer, with pip and venv, and make.
#
#   make demo PYTHON=python3.12 VENV=.venv-3.12      another interpreter, in an environment of its own
#   make demo STORAGE=redis://localhost              another storage for the bot: see botkeep.storage_at
#   make test ARGS="-k sqlite -x"                    some of the tests

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python -m

.PHONY: help demo test check lint types snippets bench docs clean
help:
	@echo "make demo    order a pizza in the terminal; kill it, start it again, and it goes on"
	@echo "make test    the whole test suite"
	@echo "make check   lint, formatting, types, and the snippets of README and docs"
	@echo "make bench   side by side with peers: figures and a plot"
	@echo "make docs    the documentation as a site, with the reference"
	@echo "make clean   remove what the targets above installed"

demo: $(VENV)/installed$(if $(findstring redis,$(STORAGE)),-redis)
	@$(VENV)/bin/python examples/pizza_terminal.py

test: $(VENV)/installed-dev
	$(RUN) pytest $(ARGS)

check: lint types snippets

lint: $(VENV)/installed-dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .

types: $(VENV)/installed-dev
	$(RUN) mypy
	PATH="$(abspath $(VENV))/bin:$$PATH" basedpyright --verifytypes botkeep --ignoreexternal

snippets: $(VENV)/installed-dev
	$(RUN) pytest README.md CONTRIBUTING.md docs src

bench: $(VENV)/installed-bench
	$(RUN) benchmarks

docs: $(VENV)/installed-docs
	$(RUN) sphinx -q -W --keep-going -b html docs build/docs
	@echo "Open build/docs/index.html"

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

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
