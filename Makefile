# microneedling-outcomes. `make report` and `make test` are all a newcomer needs;
# both create the environment when it is missing.
#
#   make report        render the first report from the example log, print its path
#   make test          the tests, Python only
#   make test-browser  the tests that need Chromium
#   make test-server   the tests that start a PostgreSQL server
#   make test-all      all three; fails rather than skips
#   make check         ruff, formatting, types
#   make format        let ruff rewrite what it can
#   make same-bytes    render the reports in two clones that differ in all but the commit, compare
#   make docs          write the generated parts of METHODS.md and data/README.md
#   make example-page  write docs/example/concern.html and its picture (needs Chromium)
#   make lab           JupyterLab on the notebooks
#   make venv          only the environment
#   make lock          write requirements.txt from pyproject.toml
#   make clean         remove the environment, caches and rendered pages; never data/, and not the
#                      record of what was released
#
# PYTHON is the interpreter the environment is made with, VENV where it is,
# PYTEST_ARGS goes to pytest as it is; PYTEST_ARGS= runs the tests in one process. Files come in the
# order of their names: by number of tests, the few long ones would be last, and run alone.

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder
BROWSER_ARGS ?= -n auto
LOCK_ARGS ?=
SAME_BYTES_ARGS ?=
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv report test test-browser test-server test-all chromium check format same-bytes docs example-page lab lock clean

help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile

# ---- the environment --------------------------------------------------------
# Progress goes to stderr: what `make report` writes to stdout is the page's path.

venv: $(INSTALLED)

$(INSTALLED): requirements.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "make: no '$(PYTHON)' here: install Python 3.11 or newer, or name one with make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Python 3.11 or newer is needed, and '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1): name another with make PYTHON=..." >&2; exit 1; }
	@if "$(BIN)/python" -c '' 2>/dev/null; then echo "updating $(VENV) ..." >&2; else \
	  echo "creating $(VENV) with $$("$(PYTHON)" -V 2>&1) ..." >&2; "$(PYTHON)" -m venv --clear "$(VENV)"; fi
	@echo "installing the locked packages (some minutes the first time) ..." >&2
	@$(PIP) install --no-compile --require-hashes -r requirements.txt
	@echo "installing microneedling-outcomes ..." >&2
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# ---- using it ---------------------------------------------------------------

report: $(INSTALLED)
	@$(BIN)/outcomes report concern -p source=example -p concern=acne_scars

lab: $(INSTALLED)
	@$(BIN)/outcomes lab

# ---- testing it -------------------------------------------------------------

test: $(INSTALLED)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-browser: chromium $(INSTALLED)
	@CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -m browser $(BROWSER_ARGS)

test-server: $(INSTALLED)
	@$(BIN)/python -m pytest -m server

test-all: chromium test test-browser test-server

chromium:
	@command -v "$(CHROMIUM)" >/dev/null || { \
	  echo "make: Chromium is needed and was not found: install it (Debian: apt-get install chromium) or name one with make CHROMIUM=/path/to/chromium" >&2; exit 1; }

check: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src

format: $(INSTALLED)
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

same-bytes: $(INSTALLED)
	@$(BIN)/python tools/same_bytes.py $(SAME_BYTES_ARGS)

docs: $(INSTALLED)
	@$(BIN)/python tools/write_documents.py

example-page: chromium $(INSTALLED)
	@CHROMIUM="$(CHROMIUM)" $(BIN)/python tools/write_example_page.py

# ---- keeping it -------------------------------------------------------------
# One lock for every system and every Python from 3.11 on: markers choose, hashes
# are those of all published files, wheels only. uv lives in a throwaway
# environment; extra indexes of this machine are kept out of it. What is pinned
# stays pinned unless newer is asked for: make lock LOCK_ARGS=--upgrade, or
# LOCK_ARGS='--upgrade-package pandas'.

UV := uv==0.13.9

lock:
	@tool=$$(mktemp -d) && trap 'rm -rf "$$tool"' EXIT && \
	"$(PYTHON)" -m venv "$$tool" && \
	"$$tool/bin/python" -m pip --disable-pip-version-check --no-input -qq install "$(UV)" && \
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS "$$tool/bin/uv" --no-config --quiet \
	  pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --python "$$tool/bin/python" --no-python-downloads --fork-strategy fewest \
	  --only-binary :all: --emit-build-options --generate-hashes \
	  --custom-compile-command "make lock" $(LOCK_ARGS) --output-file requirements.txt
	@echo "requirements.txt is written; the next make brings $(VENV) up to it" >&2

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find reports -mindepth 1 ! -path reports/README.md ! -path reports/.gitkeep ! -path reports/released.jsonl -delete
	find src tests notebooks -name __pycache__ -prune -exec rm -rf {} +
