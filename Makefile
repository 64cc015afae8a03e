# Thin on purpose: every target is one command or one script. `make` alone prints this help.
PREFIX ?= /usr/local
SWIFT ?= swift
SWIFT_FILES = Package.swift Sources Plugins Tests Examples Benchmarks

.DEFAULT_GOAL := help
.PHONY: help deps build test soak bench demo docs install uninstall check format clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install the system packages that are missing
	@scripts/install-deps

build: deps ## Build .build/release/connecthost with its connectors beside it
	@scripts/build-release

test: deps check ## Build and run every test
	@scripts/run-tests

soak: deps ## The long crash, fuzz and chaos suites, and the tests under AddressSanitizer (hours on a small machine)
	@CONNECTHOST_FUZZ_CASES=1000000 scripts/run-sanitized
	@CHAOS_CUTS=100 CRASH_ROUNDS=1000 SERVE_CRASH_ROUNDS=100 SERVE_SOAK_ROUNDS=300 SIMULATED_JOBS=1000 SLOT_JOBS=100000 ROTATION_SECRETS=10000 ROTATION_READERS=50 FEED_CRASH_SECONDS=60 ROUND_TRIPS=500 CONNECTHOST_FUZZ_CASES=5000000 SFTP_FUZZ_CASES=1000000 PGP_FUZZ_CASES=5000 AUDIENCE_COMBINATIONS=1000000 scripts/run-tests

bench: build ## Measure against other tools in one run; writes bench.json
	@scripts/install-deps --bench
	@python3 -B Benchmarks/bench

demo: ## A complete import from a throwaway server, from nothing
	@scripts/demo

docs: build ## Write the generated part of Docs/
	@scripts/generate-docs

install: build ## Install below PREFIX (default /usr/local; DESTDIR is honoured)
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install

uninstall: ## Remove what `make install` put below PREFIX
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install --remove

check: ## Rules of the tree that the compiler does not know, the format, and the released interface
	@scripts/check-tree
	@$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_FILES)
	@scripts/check-abi

format: ## Format the Swift sources in place
	@$(SWIFT) format --in-place --parallel --recursive $(SWIFT_FILES)

clean: ## Remove everything that was built or left by the demo
	rm -rf .build demo-home bench.json
