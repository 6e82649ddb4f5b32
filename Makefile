# The project's commands: `make` alone lists them. Everything they make stays in this folder,
# git-ignored. Written for POSIX sh and GNU make 3.81, which is what macOS has.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
SHA256 := { sha256sum 2>/dev/null || shasum -a 256; } | cut -c 1-16

# Set-up is done when these exist. Their names carry the hash of what they were made from: the
# lock, and this folder's path, which a virtual environment cannot change; then pyproject.toml.
ENVIRONMENT := $(VENV)/.environment-$(shell { pwd; cat requirements.lock; } | $(SHA256))
PROJECT := $(VENV)/.project-$(shell cat pyproject.toml | $(SHA256))

# The interpreter under an environment may have been removed since.
REMAKE := $(shell test -x $(BIN)/python || echo remake)

SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHONS = $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11)

# What libraries would otherwise write into the home folder.
CACHE := $(CURDIR)/.cache
export NUMBA_CACHE_DIR := $(CACHE)/numba
export MPLCONFIGDIR := $(CACHE)/matplotlib
export IPYTHONDIR := $(CACHE)/ipython
export JUPYTER_RUNTIME_DIR := $(CACHE)/jupyter

# Some containers forbid Python to keep what it has compiled: every process would do it anew.
unexport PYTHONDONTWRITEBYTECODE

# In a container the user is often root, whom JupyterLab turns away by default.
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

CHECKS := $(BIN)/mypy; types=$$?; \
    $(BIN)/lint-imports --no-logo --cache-dir $(CACHE)/import-linter && exit $$types

.DEFAULT_GOAL := help
.PHONY: help setup demo serve desktop mobile lab test mutants bench architecture lock clean remake

help: ## List these commands
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## /\1\t/p' Makefile | \
	while IFS='	' read -r target text; do printf '  make %-12s %s\n' "$$target" "$$text"; done

setup: $(PROJECT) ## Make the environment in .venv/ (the other commands do so by themselves)

demo: setup ## Learn real music, recognise noisy clips of it, and print how well that went
	@$(BIN)/fpbench demo

serve: setup ## Serve the database here over REST on this machine, port 8000 (settings: FPAPI_*)
	@exec $(BIN)/python -m api

desktop: setup ## Open the desktop client, which asks a server or makes this machine one
	@exec $(BIN)/fpdesk

mobile: setup ## Open the mobile client's page on this machine, port 8550 (a service has it at /app)
	@exec $(BIN)/fpmobile

lab: setup ## Open JupyterLab on the notebooks, the numbered ones first
	@exec env JUPYTER_CONFIG_DIR=$(CACHE)/jupyter/config JUPYTER_DATA_DIR=$(CACHE)/jupyter/share \
	    JUPYTERLAB_SETTINGS_DIR=$(CACHE)/jupyter/settings \
	    JUPYTERLAB_WORKSPACES_DIR=$(CACHE)/jupyter/workspaces \
	    $(BIN)/jupyter lab --notebook-dir=notebooks $(ALLOW_ROOT)

# Types and layers are checked beside the first tests, and what comes of that is told at the end.
test: setup ## Run the linters, the type check, the layer contracts and every test
	@echo "Linting" && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "Compiling what every process of the tests needs"
	@mkdir -p $(CACHE) && { $(CHECKS); } >$(CACHE)/checks.txt 2>&1 & checks=$$!; \
	trap 'kill $$checks; exit 130' INT TERM; \
	$(BIN)/python -m tests.precompile && \
	echo "Running the tests" && $(BIN)/pytest -n auto --dist worksteal -m "not real_time"; \
	tests=$$?; wait $$checks; checks=$$?; \
	echo "Types and layers, checked meanwhile:" && cat $(CACHE)/checks.txt; \
	[ $$tests -eq 0 ] && exit $$checks
	@echo "Running those that listen in real time, alone" && \
	$(BIN)/pytest -m real_time $$(grep -rl --include='*.py' mark.real_time tests)

mutants: setup ## Change statistics and stages, one thing at a time, and count what tests notice (ONLY=metrics)
	@$(BIN)/python -m tests.mutants $(ONLY)

bench: setup ## Measure speed and size, of the core, of sweeps and of the service
	@$(BIN)/fpbench bench
	@$(BIN)/fpbench bench-sweep
	@$(BIN)/fpbench bench-service

architecture: setup ## Draw docs/architecture.svg anew, from the imports of the packages
	@$(BIN)/python docs/architecture.py

lock: $(ENVIRONMENT) ## Renew requirements.lock after a change of pyproject.toml (UPGRADE=1: all of it)
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	    --generate-hashes --no-header --quiet --cache-dir $(CACHE)/uv \
	    $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	@echo "requirements.lock is renewed"

clean: ## Remove the environment and the caches; runs and databases stay
	@rm -rf $(VENV) $(CACHE) build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(ENVIRONMENT): $(REMAKE)
	@for python in $(PYTHONS); do \
	    "$$python" -c "$(SUITABLE)" >/dev/null 2>&1 && break; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Set-up found no Python 3.11, 3.12 or 3.13 with its venv module: install one" \
	        "(Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install" \
	        "python@3.13) or name one with PYTHON=/path/to/python3." >&2; \
	    exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@echo "Installing the locked packages, about 1.4 GB: one to a few minutes, only this once"
	@{ PYTHONUNBUFFERED=1 $(PIP) install --progress-bar off --require-hashes \
	    --requirement requirements.lock 2>$(VENV)/errors.txt && touch $@; } | { \
	    fetched=0; \
	    while read -r word rest; do \
	        case $$word in \
	            Collecting|Processing) fetched=$$((fetched + 1)); \
	                [ $$((fetched % 40)) -ne 0 ] || echo "  $$fetched fetched";; \
	            Installing) echo "  all fetched, unpacking";; \
	        esac; \
	    done; \
	}; \
	[ -f $@ ] || { tail -n 12 $(VENV)/errors.txt >&2; exit 1; }

$(PROJECT): $(ENVIRONMENT)
	@echo "Installing the commands fpcore, fpbench, fpdesk and fpmobile into $(BIN)"
	@$(PIP) install --quiet --no-index --no-deps --no-build-isolation --editable .
	@echo "Compiling the kernels, about half a minute"
	@$(BIN)/python -m fpcore.warmup
	@rm -f $(VENV)/.project-* && touch $@
