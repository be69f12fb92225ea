# `make publish` and `make test` do all the set-up on a fresh machine that has Swift and apt. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests build install publish check status serve test soak bench fuzz lint format docs clean

# What the build needs of the system, and what only the tests need.
PACKAGES := libsqlite3-dev libssl-dev zlib1g-dev libdeflate-dev libpcre2-dev libcurl4-openssl-dev ca-certificates tzdata
TEST_PACKAGES := python3 python3-venv strace openssl
SWIFT_FLAGS := --explicit-target-dependency-import-check error
PREFIX ?= /usr/local
PYTHON := .cache/python/bin/python
# Independent clients and validators that tests are held against.
PYTHON_PACKAGES := tuf==7.0.1 securesystemslib[crypto]==1.6.0 jsonschema==4.26.0 PyYAML==6.0.3

help: ## Lists the targets.
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## Installs the system packages that are missing.
	@.ci/install $(PACKAGES)

setup-tests: setup ## Installs what only the tests need.
	@.ci/install $(TEST_PACKAGES)
	@if [ ! -x $(PYTHON) ]; then python3 -m venv .cache/python; fi
	@if ! $(PYTHON) -m pip show -q tuf jsonschema PyYAML >/dev/null 2>&1; then \
	  $(PYTHON) -m pip install -q --disable-pip-version-check $(foreach p,$(PYTHON_PACKAGES),'$(p)') \
	    || echo "make: PyPI cannot be reached; tests that need its clients will say that they were skipped" >&2; fi

build: setup ## Builds the release version.
	@swift build -c release --product daylight $(SWIFT_FLAGS)

publish: build ## Publishes every dataset below datasets/ to ./public and says what was released.
	@.build/release/daylight publish

install: build ## Puts the program daylight into $(PREFIX)/bin.
	@install -D -m 755 .build/release/daylight $(PREFIX)/bin/daylight

check: build ## Checks every dataset; writes nothing public.
	@.build/release/daylight check

status: build ## Shows what became of each dataset last time.
	@.build/release/daylight status

serve: build ## Serves ./public on http://localhost:8000/.
	@.build/release/daylight serve

test: setup-tests ## Runs every test.
	@swift build --build-tests $(SWIFT_FLAGS)
	@DAYLIGHT_PYTHON="$(CURDIR)/$(PYTHON)" swift test --skip-build

soak: build setup-tests ## Runs one site through publications, withdrawals, backups, mirrors and kills for five minutes (SOAK="--seconds 3600").
	@.ci/soak --python $(PYTHON) $(SOAK)

bench: build ## Measures the release build beside its peers (BENCH="--large --many" for more); needs ../shared/bench.
	@.ci/install pigz libdeflate-tools python3 python3-venv
	@if [ ! -x .cache/bench-python/bin/python ]; then python3 -m venv .cache/bench-python; fi
	@.cache/bench-python/bin/python -c 'import numpy, polars, frictionless' 2>/dev/null \
	  || .cache/bench-python/bin/python -m pip install -q --disable-pip-version-check numpy polars frictionless
	@swift build -c release --product core-bench $(SWIFT_FLAGS)
	@python3 .ci/bench $(BENCH)

fuzz: setup ## Looks for crashes of the readers for a minute each (FUZZ="--seconds 720"; --planted to see that bugs are found).
	@.ci/fuzz $(FUZZ)

lint: ## Checks format, imports against the map, forbidden calls and file sizes.
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests
	@python3 .ci/lint

format: ## Formats the sources.
	@swift format --in-place --recursive --parallel Package.swift Sources Tests

docs: ## Prints the documented YAML keys, from the JSON Schemas.
	@python3 .ci/keys

clean: ## Removes what was built; published data and keys stay.
	@rm -rf .build .cache
