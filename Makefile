# What there is to run; `make` alone lists it.

GO       ?= go
FUZZTIME ?= 10s
BENCH    ?=
PAGE     ?= docs/benchmarks.md

# A test that wants a server or a program it cannot find fails with this set,
# and is skipped without it.
export AUTHTODO_REQUIRE = 1

.DEFAULT_GOAL := help
.PHONY: help test check vet tools programs bench fuzz soak mutants

help: ## lists the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

# With the race detector SQLite and the hashing of passwords are about twenty
# times slower, so their long cases are shorter there and run whole beside it,
# and allocations are those of a build without it.
# What needs libraries that are no host's business is tested in modules of its
# own, whose results the go command must not cache.
test: tools vet ## runs every test with -race, skips none, installs what is missing
	$(GO) test -race -count=1 -timeout 30m ./...
	$(GO) test -count=1 -timeout 30m ./storage/sqlite ./storage/memory
	$(GO) test -count=1 -timeout 30m -run 'TestMemory|TestVectors' ./auth/accounts
	$(GO) test -count=1 -run TestAllocations .
	cd internal/openapitest && $(GO) test -count=1 -timeout 30m ./...
	cd internal/bench && $(GO) test -count=1 ./...
	cd internal/supply && $(GO) test -count=1 ./...
	cd example/hosts && $(GO) test -race -count=1 ./...

# The newest Go, because its own vulnerabilities are those of whoever builds.
check: export GOTOOLCHAIN = go1.26.11
check: vet ## looks for known vulnerabilities that the code can reach, and at licences
	cd internal/supply && $(GO) run . && $(GO) test -count=1 ./...

vet: ## looks for what is not formatted or wrong on its face
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt -w:" $$files; exit 1; fi
	$(GO) vet ./...
	cd internal/openapitest && $(GO) vet ./...
	cd internal/bench && $(GO) vet ./...
	cd internal/bench/pocketbase && $(GO) vet ./...
	cd internal/supply && $(GO) vet ./...
	cd example/hosts && $(GO) vet ./...

# Without BENCH, what internal/bench prints becomes the page; PAGE is another
# place for it. AUTHTODO_BENCH=short tries all of it in a few minutes.
bench: SHELL := /bin/bash -o pipefail
bench: programs ## runs the benchmarks and writes docs/benchmarks.md; BENCH=regexp only runs some
ifeq ($(BENCH),)
	cd internal/bench && $(GO) run ./page -machine >bench.out && \
		$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 90m . | tee -a bench.out && \
		$(GO) run ./page bench.out $(abspath $(PAGE))
else
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...
	cd internal/bench && $(GO) test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 60m .
endif

fuzz: ## runs each fuzz target for FUZZTIME (10s)
	@grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u | while read -r dir; do \
		for target in $$($(GO) test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
			echo "$$dir $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$dir || exit 1; \
		done || exit 1; \
	done

# What the tests of faults do in seconds, for minutes: 20 kills of the server in
# the middle of 10,000 writes, and 500 clients at once.
soak: programs ## runs the tests of kills and of load at full length
	AUTHTODO_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run 'Kill|Load' ./internal/faulttest

# The tests of isolation with all mutants, and not with one a storage.
mutants: programs ## takes the owner out of each statement in turn and looks who notices
	AUTHTODO_SOAK=1 $(GO) test -count=1 -timeout 90m -v -run 'Mutants|Policies' ./internal/mutants

# What the tests start themselves: a private PostgreSQL and PgBouncer, Node.js
# with packages that its lock files name, a browser. A server that a package
# starts by itself is never used.
packages := $(patsubst %,%/node_modules/.package-lock.json,example/nextjs internal/betterauthtest \
	internal/clienttest example/pagetest clients/ts)

tools: programs $(packages) ## installs what the tests need and is missing (Debian, Ubuntu)

$(packages): %/node_modules/.package-lock.json: %/package-lock.json | programs
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund
	@touch $@

programs:
	@missing=; \
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || \
		[ -n "$$AUTHTODO_PGBIN" ] || missing="$$missing postgresql"; \
	[ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null || missing="$$missing pgbouncer"; \
	command -v node >/dev/null && command -v npm >/dev/null || missing="$$missing nodejs npm"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="$$missing chromium"; \
	command -v gcc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	[ -z "$$missing" ] && exit 0; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	command -v apt-get >/dev/null || { echo "please install:$$missing" >&2; exit 1; }; \
	echo "installing:$$missing"; \
	$$sudo apt-get update -q && \
	DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -q --no-install-recommends $$missing
