# Everything that can be run, each recipe short enough to type by hand. `make help` lists the targets.
#
# Needed before: make, git, a Rust toolchain (rustup), and on a bare system a C compiler for it to link with. The rest
# is installed by the targets that need it (scripts/setup.sh says what, and asks for sudo only then).

SHELL     := /bin/bash
.NOTPARALLEL:
BIN       := $(or $(CARGO_TARGET_DIR),target)/debug
PROGRAMS  := -p referent-agent -p referent-tray -p referent-pipeline -p referent-notes-api -p referent-tests
# The last commit whose pipeline heard in its own process, without a gate: as far from today's as a worker can be that
# speaks v1. Its bytes are pinned in proto/tests/golden.
FROM      ?= 66ba373
BENCHES   := hangup wer cpu kill chaos-agent unsynced network offline chain capture truth doctor soak agent pane live streams backlog long overload faithful isolation silence remote consent damage identity login audit retention correction guards numbers pseudonyms eval uncertain prefix llm-faults
# Those with another model: a shape with the proportions of Whisper's, for speed, or with a language model's stub.
STREAMS   := streams-tiny streams-base streams-small
STUBS     := stub-embedded stub-tiny stub-base stub-small

.DEFAULT_GOAL := help
.PHONY: help demo programs pane setup-demo setup-test check fmt clippy doc bans asvs-check asvs pane-check proto golden \
        test test-build test-doc test-rust test-pane test-browser test-deb test-upgrade fuzz deb windows bench $(BENCHES:%=bench-%) $(STREAMS:%=bench-%) bench-streams-full-tiny bench-live-secured bench-streams-secured bench-embed $(STUBS:%=bench-%) eval chaos-agent bench-fresh check-real-model benchmarks-page capacity-page figures clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

# --- one call, from sound to note ------------------------------------------------------------------------------------

demo: setup-demo pane programs ## play a call and open the pane: CALL=two-channel.wav, PORT=8080, HEADLESS=1, JSON=1
	@$(BIN)/referent-demo $(if $(CALL),--call '$(CALL)') $(if $(HEADLESS)$(JSON),--headless) $(if $(JSON),--json) $(if $(PORT),--port $(PORT))

programs: pane
	@cargo build --locked --bins $(PROGRAMS) $(if $(JSON),--quiet)

pane: ## build the caseworker's page, where it is older than its sources
	@scripts/pane.sh

setup-demo: ## install what building and the demo need
	@scripts/setup.sh demo

setup-test: ## install what the tests need besides
	@scripts/setup.sh test

# --- checks and tests: all that CI runs ------------------------------------------------------------------------------

test: setup-test pane check test-build test-doc test-rust test-pane test-browser test-deb ## all that CI runs
	@echo "make test: all passed"

check: pane fmt clippy doc pane-check bans asvs-check ## everything that needs no test to run

fmt:
	cargo fmt --all --check

clippy: pane
	cargo clippy --locked --workspace --all-targets -- -D warnings

doc: pane
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --quiet

bans: ## one TLS stack; only licences that go with the EUPL
	@scripts/bans.sh

asvs-check: ## docs/security/asvs.csv names every requirement, and evidence that is there
	@python3 scripts/asvs.py

pane-check: pane
	npm --prefix notes-api/pane run --silent check

test-build: pane
	cargo build --locked --workspace --all-targets

test-doc: test-build ## the examples in the documents, before the long tests: a drawing that is no code fails here
	cargo test --locked --workspace --doc --quiet

test-rust: test-build ## the Rust tests, slow ones with RUN_SLOW_TESTS=1
	if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --locked --workspace; else cargo test --locked --workspace --all-targets; fi

test-pane: pane ## the pane's own tests
	npm --prefix notes-api/pane test --silent

test-browser: pane ## the pane in headless Chromium, against a server that plays every state
	npm --prefix notes-api/pane run --silent e2e

fuzz: ## what nobody wrote, at the spool's records and the control port: SECONDS_EACH=600
	REFERENT_FUZZ_S=$(or $(SECONDS_EACH),600) cargo test --locked -p referent-agent --test fuzz -- --nocapture --test-threads 1

test-deb: test-build ## the agent's Debian package, installed and purged; on this machine only with REFERENT_INSTALL_TEST=1
	@scripts/deb_test.sh

test-upgrade: programs ## replace a worker of an earlier commit in mid-call: FROM=<commit>
	scripts/upgrade.sh $(FROM)

proto: ## write the code of the .proto files anew
	REFERENT_WRITE_GENERATED=1 cargo test --locked -p referent-proto --test bootstrap

golden: ## add the lines of new messages to the pinned bytes
	REFERENT_WRITE_GOLDEN=1 cargo test --locked -p referent-proto --test golden

deb: ## the agent's Debian package, in dist/
	@scripts/deb.sh dist

windows: programs ## the agent for Windows: built, its MSI in dist/, and a call through it under Wine; takes root and 4 GB
	@scripts/windows.sh $(or $(WINDOWS),/var/cache/referent-windows)

# --- figures: each target measures and writes its keys of docs/benchmarks.json ---------------------------------------

bench: $(BENCHES:%=bench-%) $(STREAMS:%=bench-%) bench-streams-full-tiny bench-live-secured bench-streams-secured bench-embed $(STUBS:%=bench-%) benchmarks-page capacity-page figures ## measure everything but bench-fresh; SHORT=1 tries one that loads the machine

$(BENCHES:%=bench-%): bench-%: pane programs
	$(BIN)/referent-bench $* $(if $(SHORT),--short)

eval: bench-eval ## the embedded drafter on the open set of dialogues; another drafter: referent-pipeline eval --help

$(STREAMS:%=bench-%): bench-streams-%: pane programs
	$(BIN)/referent-bench streams --model $* $(if $(SHORT),--short)

bench-live-secured: pane programs
	$(BIN)/referent-bench live --secured

bench-streams-secured: pane programs
	$(BIN)/referent-bench streams --secured $(if $(SHORT),--short)

bench-streams-full-tiny: pane programs
	$(BIN)/referent-bench streams --model tiny --full $(if $(SHORT),--short)

$(STUBS:%=bench-%): bench-stub-%: pane programs
	$(BIN)/referent-bench stub --model $* $(if $(SHORT),--short)

chaos-agent: bench-chaos-agent ## kill -9 of the agent at 3,000 moments; a tenth of it is in `make test`

bench-fresh: programs ## clone, build and test from nothing, as a newcomer would: half an hour on two idle cores
	$(BIN)/referent-bench fresh

check-real-model: programs ## does fitting the window cost a real model accuracy? MODEL=name AUDIO=folder of WAVs and texts
	$(BIN)/referent-bench real-model --model '$(MODEL)' --audio '$(AUDIO)' $(if $(LANGUAGE),--language $(LANGUAGE))

asvs: ## the share of OWASP's ASVS that is shown by tests
	@python3 scripts/asvs.py --write

bench-embed: pane ## what hostile pages and frames send to the pane in a case system, and how much of it has an effect
	python3 scripts/embed_figures.py

benchmarks-page: ## docs/benchmarks.md from docs/benchmarks.json
	python3 scripts/benchmarks_page.py

capacity-page: ## docs/capacity.md from docs/benchmarks.json: how many calls a core carries, and a year on paper
	python3 scripts/capacity_page.py

figures: ## value beside goal, and what is missing or short
	@python3 scripts/figures.py

clean: ## everything that was built
	rm -rf notes-api/pane/dist notes-api/pane/dist-test notes-api/pane/node_modules
	cargo clean
