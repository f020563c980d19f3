# `make demo` and `make test` are all that a newcomer needs: Rust, make, a C compiler and Python 3.

CARGO ?= cargo
PYTHON ?= python3
VENV := .venv
REQUIREMENTS := tests/emulators/requirements.txt
# cloudformation-validate declares a newer Rust than it needs.
FLAGS := --locked --ignore-rust-version
# nextest prints one line of counts for everything; plain `cargo test` prints one for each binary.
TEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo "nextest run" || echo "test")

.PHONY: build release demo test crash-explorer recovery kill9 mutations fuzz hostile lint fmt deny agreement bench doc clean

build:
	$(CARGO) build $(FLAGS)

release:
	$(CARGO) build --release $(FLAGS)

# The sandbox needs no AWS SDK: without it the program builds in about a minute.
demo:
	$(CARGO) build $(FLAGS) --package rstack-cli --no-default-features
	@set -e; start=$$(date +%s); \
	target=$$($(CARGO) metadata --format-version 1 --no-deps --locked | \
	  $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'); \
	./scripts/demo "$$target/debug/rstack"; \
	echo; echo "The demo took $$(( $$(date +%s) - start )) seconds."

# Unit, property, whole-program and emulator tests. The last line is the test runner's.
test: $(VENV)/.installed
	$(CARGO) $(TEST) --workspace $(FLAGS)

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

# The control: each of thirteen defects, put into a copy of the sources, must turn the explorer red.
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

# The emulators, pinned, in a virtual environment of this folder.
$(VENV)/.installed: $(REQUIREMENTS)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $(REQUIREMENTS)
	touch $@

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets $(FLAGS) -- --deny warnings
	$(CARGO) clippy --package rstack-cli --no-default-features --all-targets $(FLAGS) -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --document-private-items $(FLAGS)

fmt:
	$(CARGO) fmt --all

# Licences, sources, duplicates and advisories of what we depend on (`cargo install cargo-deny`).
deny:
	$(CARGO) deny check

# How often rstack, AWS's validator and cfn-lint agree about templates: see docs/agreement.md.
# TEMPLATES=FOLDER chooses the templates.
TEMPLATES ?= $(firstword $(wildcard ../shared/corpus) tests/fixtures)
agreement: $(VENV)/agreement/.installed
	$(CARGO) build --release $(FLAGS) --package rstack-cli --no-default-features --features lint
	$(CARGO) build --release $(FLAGS) --package rstack-lint --example validator
	@set -e; \
	target=$$($(CARGO) metadata --format-version 1 --no-deps --locked | \
	  $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'); \
	$(VENV)/agreement/bin/python scripts/agreement \
	  "$$target/release/rstack" "$$target/release/examples/validator" "$(TEMPLATES)"

$(VENV)/agreement/.installed: scripts/agreement-requirements.txt
	$(PYTHON) -m venv $(VENV)/agreement
	$(VENV)/agreement/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

bench: release
	./scripts/bench

doc:
	$(CARGO) doc --workspace --no-deps --open $(FLAGS)

clean:
	$(CARGO) clean
	rm -rf $(VENV)
