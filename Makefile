# Everything that a fresh machine needs is Linux, Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9
ARGS ?=

.PHONY: help install demo test lint types unit containers reference broker-tools browser clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   watch reviews labelled, messages answered, items recommended"
	@echo "make test   lint, types and every test, a real Kafka broker among them"
	@echo "make unit   the fast tests only"
	@echo "make containers  build the image and run docker-compose.yml by podman: events in, outcomes out"
	@echo "make reference   write docs/configuration.md anew"
	@echo "make clean  remove what was installed and built"

install: $(STAMP)

# uv installs what pip would in a third of the time, and pip does where uv has no wheel;
# every file is checked against its hash.
UV_OR_PIP = if [ -x $(BIN)/uv ]; then echo "$(BIN)/uv pip install --python $(BIN)/python"; \
	else echo "$(BIN)/python -m pip install"; fi
INSTALL = $$($(UV_OR_PIP))

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is not Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	@echo "installing into $(VENV); PyTorch is large, this takes a few minutes the first time"
	$(PYTHON) -m venv $(VENV)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
		uv==$(UV_VERSION)
	$(INSTALL) --require-hashes -r constraints.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install
	@$(BIN)/shopstreams demo $(ARGS)

test: install broker-tools browser lint types
	$(BIN)/python -m pytest $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

unit: install
	$(BIN)/python -m pytest tests/unit $(ARGS)

# On a machine that reaches no image registry: make containers ARGS=--stand-ins
containers: install
	$(BIN)/python -m tests.containers $(ARGS)

reference: install
	$(BIN)/python -m streams.config_reference > docs/configuration.md

# The tests run their own Kafka unless one is given or Docker can start one.
broker-tools:
	@if [ -n "$$KAFKA_BOOTSTRAP_SERVERS" ] || docker info >/dev/null 2>&1; then exit 0; fi; \
	if command -v java >/dev/null && command -v mvn >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends \
			openjdk-17-jre-headless maven || exit 1; \
	else \
		echo "make test needs a Kafka: install Java 17 and Maven, start Docker," \
			"or set KAFKA_BOOTSTRAP_SERVERS"; \
		exit 1; \
	fi; \
	$(PYTHON) -m tests.kafka.jars

# The dashboard's tests skip without one, and fail where CI=true.
browser:
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends \
			chromium fonts-noto-cjk; \
	else \
		echo "the dashboard's tests need Chromium: install it, or they are skipped"; \
	fi

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
