# Needs make, git and Python 3.11 or newer with venv. GNU make 3.81 (macOS) is enough.
# Everything is installed into .venv; a stamp file there marks what is done, so that a second run starts at once.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# Where it is set, every process compiles the whole program anew; tests start some two hundred.
unexport PYTHONDONTWRITEBYTECODE

# An environment whose Python is gone, or which was moved with its folder, is made anew.
FRESH := $(shell test -x $(RUN) && test "$$(cat $(VENV)/.made 2>/dev/null)" = "$$(pwd -P)" || echo anew)

.DEFAULT_GOAL := help
.PHONY: help demo lab app docs reference test test-lowest test-newest picture benchmarks clean anew
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.app ## install what is needed and do the main job: policy-sim run
	@$(VENV)/bin/policy-sim run

lab: $(VENV)/.app ## open the notebook in JupyterLab
	@$(VENV)/bin/policy-sim lab

app: $(VENV)/.app ## open the panel as a page of its own
	@$(VENV)/bin/policy-sim app

docs: $(VENV)/.docs ## build the pages of docs/ as a site in site/, to be read without a network
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict --quiet
	@printf '%s\n' 'site/index.html'

reference: $(VENV)/.docs ## write the pages anew that are made of models, commands and figures
	@PYTHONPATH=tests $(RUN) -m documentation.write

# What pytest needs to share the tests among two processes, file by file, in the order that tests/conftest.py gives them.
IN_PARALLEL := --nbmake --numprocesses 2 --dist loadfile --no-loadscope-reorder tests notebooks

# All steps run even if one fails; the last line names those that did.
test: $(VENV)/.test ## check style, types and floors; run all tests, also in a browser
	@failed=; \
	step() { \
	  printf '\n=== %s\n' "$$*"; \
	  "$(VENV)/bin/$$@" || failed="$$failed [$$*]"; \
	}; \
	step python tests/browser/chromium.py --install; \
	step ruff check; \
	step ruff format --check; \
	step mypy; \
	step lint-imports; \
	step python -m pytest $(IN_PARALLEL); \
	if test -n "$$failed"; then printf '\n=== FAILED:%s\n' "$$failed"; exit 1; fi; \
	printf '\n=== all passed\n'

# Both ends of what pyproject.toml allows, each made anew in an environment of its own.
# $(call run_tests_on,NAME,RESOLUTION,OPTIONS)
define run_tests_on
	@$(PYTHON) -m venv --clear $(VENV)-$(1)
	@$(VENV)-$(1)/bin/python -m pip install --quiet --no-input --disable-pip-version-check uv
	@$(VENV)-$(1)/bin/uv pip install --quiet --python $(VENV)-$(1)/bin/python --resolution $(2) -e '.[test]'
	@$(VENV)-$(1)/bin/python -m pytest -m 'not browser' $(3) $(IN_PARALLEL)
endef

# Old packages warn of what newer ones will take away: at the lower end a warning is no error.
test-lowest: ## run all tests but the browser's on the lowest versions that pyproject.toml allows
	$(call run_tests_on,lowest,lowest-direct,-o filterwarnings=default)

test-newest: ## run all tests but the browser's on the newest versions that there are
	$(call run_tests_on,newest,highest,)

picture: $(VENV)/.test ## take the picture of the notebook anew, into docs/
	@$(RUN) tests/browser/chromium.py --install
	@$(RUN) -m pytest -m browser --update-picture tests/browser

benchmarks: $(VENV)/.test ## run the scripts in tests/benchmarks, one after the other
	@for script in tests/benchmarks/*.py; do \
	  test -f "$$script" || continue; \
	  printf '\n=== %s\n' "$$script"; \
	  $(RUN) "$$script" || exit 1; \
	done

clean: ## remove .venv, caches and build leftovers; results in out/ stay
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest build dist site test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find policy_sim tests notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# A stamp is written last: an interrupted or failed install leaves none.
$(VENV)/.made: $(FRESH)
	@printf '=== environment in %s\n' $(VENV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'error: $(PYTHON) is missing or older than 3.11; name a newer one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'error: $(PYTHON) cannot make environments; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@pwd -P > $@

$(VENV)/.app: pyproject.toml $(VENV)/.made
	@printf '=== installing the application; the first time takes a few minutes\n'
	@$(RUN) -m pip install --quiet --no-input --disable-pip-version-check -e '.[app]'
	@touch $@

$(VENV)/.docs: pyproject.toml $(VENV)/.made
	@printf '=== installing what the pages are built with\n'
	@$(RUN) -m pip install --quiet --no-input --disable-pip-version-check -e '.[docs]'
	@touch $@

# What the tests need includes what the application and the pages need.
$(VENV)/.test: pyproject.toml $(VENV)/.made
	@printf '=== installing the application and what its tests need; the first time takes a few minutes\n'
	@$(RUN) -m pip install --quiet --no-input --disable-pip-version-check -e '.[test]'
	@touch $(VENV)/.app $(VENV)/.docs $@
