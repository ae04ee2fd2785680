# Where to start: `make demo` shows what the library does, `make test` proves that it works.

GOLANGCI_LINT  := v2.15.0
GOTESTSUM      := v1.13.0
BENCHSTAT      := v0.0.0-20260908200009-22c9c6c9d4da
GOVULNCHECK    := v1.9.0
APIDIFF        := v0.0.0-20261113113407-e3970619a1a4
NEXT_SOCKET_IO := v1.8.0-rc.1

# the oldest Go that go.mod promises, and the newest, which CI tries beside the one that is installed
OLDEST_GO := go1.25.0
NEWEST_GO := go1.27.3

ARGS      ?=
TESTFLAGS ?=
FUZZTIME  ?= 30s
BENCH     ?= .
COUNT     ?= 10
FROM      ?=
GO        ?= $(OLDEST_GO)
VERSION    = $(error say which version it is to be: VERSION=v0.1.0)

SHELL   := bash -o pipefail
BIN     := $(CURDIR)/bin
TESTSUM := $(BIN)/gotestsum -- $(TESTFLAGS)
# the tests of connections mostly wait: four at a time for each of up to four cores, half of that where two runs share them
CORES    := $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 4 ? n : 4)))
PARALLEL := -parallel $(shell expr 4 '*' $(CORES))
SHARED   := -parallel $(shell expr 2 '*' $(CORES))
# go.mod with the release candidate of go-socket.io, made by `make rc-mod`
RC      := -modfile=testdata/rc/go.mod
SOCKET  := github.com/googollee/go-socket.io
# the packages whose tests have it in them; to those of others its version is all the same
USES    := go list $(RC) -test -f '{{.ForTest}} {{join .Deps " "}}' ./... | awk '!/^ / && / $(subst /,\/,$(SOCKET))/ { print $$1 }' | sort -u
SKIP    := indirect$$|^require \($$|^\)$$|^$$
EACH    := set -e; for module in . plugin/metrics testdata/readme testdata/stores cmd/demo/examples cmd/demo/e2e; do cd $(CURDIR)/$$module;

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the demo on http://127.0.0.1:3000; ARGS='-addr :8080 …' hands it flags, ARGS=-help lists them
	npm ci --ignore-scripts --prefix clientjs
	go run ./cmd/demo $(ARGS)

test: ## everything, with real clients, Redis and a browser; installs what it needs; ends with what passed and failed
	@bash .ci/install
	@bash .ci/test

check: fmt-check lint race ## the quick loop before a commit: format, lint, tests under the race detector

fmt: bin/golangci-lint ## formats every Go file
	$(EACH) $(BIN)/golangci-lint fmt; done

fmt-check: bin/golangci-lint
	$(EACH) $(BIN)/golangci-lint fmt --diff; done

lint: bin/golangci-lint arrows ## what .golangci.yml asks for, the import rules among it, and the arrows between files
	$(EACH) $(BIN)/golangci-lint run ./...; done

vet:
	$(EACH) go vet ./...; done
	go vet $(RC) ./...

race: bin/gotestsum ## the Go tests under the race detector (TESTFLAGS='-run Merge')
	$(TESTSUM) -race $(PARALLEL) ./... ./testdata/arrows

race-next: bin/gotestsum ## those that go-socket.io is part of, on its release candidate
	$(TESTSUM) -race $(PARALLEL) $(RC) $$($(USES))

race-stock: bin/gotestsum ## the plugin's on go-socket.io's own transports, in both versions at once: they mostly wait
	$(MAKE) -j2 --output-sync=target stock-now stock-next

stock-now stock-next: export PLUGIN_TEST_TRANSPORT = stock
stock-now:
	$(TESTSUM) -race $(SHARED) ./plugin
stock-next:
	$(TESTSUM) -race $(SHARED) $(RC) ./plugin

readme: bin/gotestsum ## what the documents say: code, links, tests and files that they name
	cd testdata/readme && $(TESTSUM) ./...

stores: bin/gotestsum ## a store of SCS's own collection, wrapped
	cd testdata/stores && $(TESTSUM) -race ./...

metrics: bin/gotestsum ## the Observer that counts for Prometheus
	cd plugin/metrics && $(TESTSUM) -race ./...

arrows: ## how many dependencies between the files of a package run up (ARGS='./plugin ./store')
	go run ./testdata/arrows $(or $(ARGS),./plugin ./plugin/internal/live ./plugin/internal/wire)

browser: bin/gotestsum ## the demo in headless Chromium
	cd cmd/demo/e2e && $(TESTSUM) -parallel 3 ./...

picture: ## the README's picture, anew
	cd cmd/demo/e2e && go test -count=1 -run '^TestPicture$$' .
	cp cmd/demo/e2e/screenshots/picture.png cmd/demo/demo.png

redis-faults: ## what 20,000 sockets cost a Redis that fails, and that nothing acknowledged is lost (ARGS='-sockets 4000 -only crowd')
	go build -o bin/measure ./testdata/measure
	bin/measure faults $(ARGS)

versions: ## three nodes replaced one by one under traffic, from another commit to this tree and back (FROM=v0.1.0)
	npm ci --ignore-scripts --prefix cmd/demo/e2e/clients
	cd cmd/demo/e2e/clients && FROM=$(FROM) node --test --test-reporter=spec versions.test.mjs

node-numbers: ## what a node takes at 1,000, 5,000 and 13,000 sockets, a soak, a node that dies (ARGS='-counts 200 -soak 0 -watch 5s')
	go build -o bin/measure ./testdata/measure
	bin/measure numbers $(ARGS)

by-hand: ## what goes wrong where handlers load sessions by hand, and does not with the plugin
	go build -o bin/measure ./testdata/measure
	bin/measure byhand

rolling-restart: ## three nodes behind nginx restarted one by one under 3,000 real clients: nothing lost, nobody away for long (ARGS='--clients 60')
	npm ci --ignore-scripts --prefix cmd/demo/e2e/clients
	node cmd/demo/e2e/clients/rolling/rolling.mjs $(ARGS)

go-tests: bin/gotestsum have-go ## the Go tests on another Go than the one installed: the oldest promised, or GO=go1.27.3
	GOTOOLCHAIN=$(GO) $(MAKE) vet race race-next race-stock readme stores metrics browser

# what apps build, and the tests of what rests on Go's own doing: gob's bytes and synctest's clock
newest-go: GO = $(NEWEST_GO)
newest-go: export GOTOOLCHAIN = $(NEWEST_GO)
newest-go: bin/gotestsum have-go
	go vet ./...
	cd plugin/metrics && go vet ./...
	$(TESTSUM) ./store/internal/gobcodec ./plugin/internal/live

have-go:
	@GOTOOLCHAIN=$(GO) go version || { echo "$(GO) cannot be had here, so nothing was tried on it" >&2; exit 1; }

check-release: try-release api vulnerabilities ## what else must hold before a release (VERSION=v0.1.0); -k for all parts; needs the network

try-release: ## the commands of a release on a copy, then go get in an empty folder (VERSION=v0.1.0)
	testdata/release/try.sh $(VERSION)

api: bin/apidiff ## which exported names have changed since the last release (VERSION=v0.1.0)
	testdata/release/api.sh $(VERSION) $(BIN)/apidiff

vulnerabilities: bin/govulncheck ## the known ones that code of ours or its tests reaches (ARGS=-db=file:///…)
	$(EACH) $(BIN)/govulncheck $(ARGS) -test ./...; done
	go build $(RC) -o bin/demo-next ./cmd/demo # it takes no -modfile
	bin/govulncheck $(ARGS) -mode=binary bin/demo-next

bench: bin/benchstat ## BENCH='Event' COUNT times (10), beside the run before
	@[ ! -f bin/bench.txt ] || mv bin/bench.txt bin/bench-before.txt
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./... | tee bin/bench.txt
	bin/benchstat bin/bench*.txt

fuzz: ## every fuzz target for FUZZTIME (30s)
	@grep -rno '^func Fuzz\w*' --include='*_test.go' --exclude-dir=node_modules . | tr ':' ' ' | \
	while read -r file line func name; do echo "$$file $$name"; \
	go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$(dirname $$file) || exit 1; done

tidy: ## go.mod and go.sum of every module
	$(EACH) go mod tidy; done
	$(MAKE) rc-mod

rc-mod: ## testdata/rc from go.mod, after each change of it
	cp go.mod go.sum testdata/rc/
	go get $(RC) $(SOCKET)@$(NEXT_SOCKET_IO)
	go mod tidy $(RC)

mod-check: # testdata/rc/go.mod requires what go.mod does, but for one version
	$(EACH) go mod tidy -diff; done; cd $(CURDIR); go mod tidy -diff $(RC)
	diff <(sed 's|$(SOCKET) v.*|$(SOCKET) $(NEXT_SOCKET_IO)|' go.mod | grep -vE '$(SKIP)') <(grep -vE '$(SKIP)' testdata/rc/go.mod)

bin/golangci-lint: Makefile
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT) && touch $@

bin/gotestsum: Makefile
	GOBIN=$(BIN) go install gotest.tools/gotestsum@$(GOTESTSUM) && touch $@

bin/benchstat: Makefile
	GOBIN=$(BIN) go install golang.org/x/perf/cmd/benchstat@$(BENCHSTAT) && touch $@

bin/govulncheck: Makefile
	GOBIN=$(BIN) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK) && touch $@

bin/apidiff: Makefile
	GOBIN=$(BIN) go install golang.org/x/exp/cmd/apidiff@$(APIDIFF) && touch $@

.PHONY: help demo test picture check fmt fmt-check lint vet race race-next race-stock stock-now stock-next readme stores metrics arrows browser redis-faults versions node-numbers rolling-restart go-tests newest-go have-go check-release try-release api vulnerabilities bench fuzz tidy rc-mod mod-check
