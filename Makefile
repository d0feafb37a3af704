# Everything that a developer runs. `make help` lists the targets.

GO            ?= go
GOLANGCI_LINT ?= $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The race detector needs a C compiler. It watches what is written in Go, the
# driver of SQLite included; not what was translated from C, which keeps its own
# locks and takes most of the time.
WATCHED := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false
RACE := $(shell $(GO) env CGO_ENABLED | grep -q 1 && command -v $$($(GO) env CC) >/dev/null 2>&1 && echo $(WATCHED))

# What a cached test result does not know is which server was named: TestMain
# reads that before the tests begin.
FRESH := $(if $(CONVTRACK_TEST_POSTGRES),-count=1)

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 12

.PHONY: postgres
postgres: ## Install a PostgreSQL server for the tests, where there is none.
	@if test -n "$$CONVTRACK_TEST_POSTGRES" || command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; \
	else \
		echo "make: the tests need PostgreSQL: install the server (Debian: sudo apt-get install postgresql; macOS: brew install postgresql@17)," >&2; \
		echo "or set CONVTRACK_TEST_POSTGRES to the connection string of a database that tests may write to" >&2; exit 1; \
	fi

.PHONY: velocity
velocity: ## Install Apache Velocity and a JDK for the tests, where there is none.
	@if command -v javac >/dev/null 2>&1 && { test -n "$$CONVTRACK_TEST_VELOCITY" || test -e /usr/share/java/velocity.jar; }; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends velocity default-jdk-headless; \
	else \
		echo "make: the tests render the data action with Apache Velocity: install it and a JDK (Debian: sudo apt-get install velocity default-jdk-headless)," >&2; \
		echo "or set CONVTRACK_TEST_VELOCITY to the class path of Velocity 1.7, commons-collections 3 and commons-lang 2" >&2; exit 1; \
	fi

FAUXQS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/convtrack/fauxqs-1.9.2

.PHONY: fauxqs
fauxqs: ## Install the SQS emulator fauxqs for the tests, where there is none.
	@if test -f "$(FAUXQS)/node_modules/fauxqs/package.json"; then exit 0; fi; \
	if ! command -v npm >/dev/null 2>&1 && test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm; \
	fi; \
	if ! command -v npm >/dev/null 2>&1; then \
		echo "make: the tests need Node 20 with npm, for an emulator of SQS (Debian: sudo apt-get install nodejs npm; macOS: brew install node)" >&2; exit 1; \
	fi; \
	mkdir -p "$(FAUXQS)" && npm install --silent --no-audit --no-fund --prefix "$(FAUXQS)" fauxqs@1.9.2

.PHONY: chromium
chromium: ## Install Chromium for the tests of the client app and the inspector, where there is none.
	@if test -n "$$CONVTRACK_TEST_CHROMIUM" || command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	else \
		echo "make: the tests open pages in a browser: install Chromium (Debian: sudo apt-get install chromium; macOS: brew install --cask chromium)," >&2; \
		echo "or set CONVTRACK_TEST_CHROMIUM to the path of Chromium or Chrome" >&2; exit 1; \
	fi

GENESYS_SDK := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/convtrack/genesys-sdk-2.6.10-262.0.0

.PHONY: genesys-sdk
genesys-sdk: ## Install Genesys's SDKs for browsers, which the client app uses.
	@if test -f "$(GENESYS_SDK)/node_modules/purecloud-platform-client-v2/package.json"; then exit 0; fi; \
	if ! command -v npm >/dev/null 2>&1 && test "$$(id -u)" = 0 && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm; \
	fi; \
	if ! command -v npm >/dev/null 2>&1; then \
		echo "make: npm is needed to install Genesys's SDKs (Debian: sudo apt-get install nodejs npm; macOS: brew install node)" >&2; exit 1; \
	fi; \
	mkdir -p "$(GENESYS_SDK)" && npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$(GENESYS_SDK)" \
		purecloud-client-app-sdk@2.6.10 purecloud-platform-client-v2@262.0.0

.PHONY: test
test: postgres velocity fauxqs chromium genesys-sdk ## Run all tests. The SDK takes some minutes to compile the first time.
ifeq ($(RACE),)
	@echo "make test: no C compiler found, so the race detector is off; install gcc to run with it" >&2
	@test "$$CI" != true || { echo "make test: CI must run with the race detector" >&2; exit 1; }
endif
	$(if $(RACE),.ci/watched )$(GO) test $(RACE) $(FRESH) -timeout 30m ./...
	@$(MAKE) --no-print-directory -j2 $(if $(RACE),test-browser test-unwatched) test-long

# A browser makes its tests wait, so that others can run beside them.
.PHONY: test-browser
test-browser:
	$(GO) test $(FRESH) -timeout 30m ./internal/browsertest ./genesys/clientapp ./store/inspector

# What the race detector leaves out besides: laws of one goroutine, many
# conversations, and the contract of stores in further modes.
.PHONY: test-unwatched
test-unwatched:
	$(GO) test $(FRESH) -timeout 30m ./genesys/genesystest ./genesys/polling ./examples/convtrackctl/observe
	$(GO) test $(FRESH) -timeout 30m -run 'TestConformance.' ./store/pgstore ./store/sqlitestore

# What is repeated more often than the race detector has the time for.
.PHONY: test-long
test-long:
	$(GO) test ./events -rounds 8
	$(GO) test $(FRESH) -timeout 30m -run 'TestNothingIsLost|TestDaily' . -simulations 300 -days 26
	$(GO) test $(FRESH) -timeout 30m -run TestKilled ./internal/integrationtest -kills 100
	$(GO) test -timeout 30m -run 'TestNothingIsLost|TestNoMessageIsDeleted|TestEventBridgeTells|TestAConversationThatIsTooLarge' ./genesys/eventbridge -simulations 300 -kills 100
	cd examples/broker && $(GO) test -timeout 30m ./...
	cd .ci/queries && $(GO) test $(FRESH) -timeout 30m ./...

.PHONY: lint
lint: ## Check format, vet, linters and module files.
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt these files: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	@$(GO) run .ci/licences.go | diff docs/licences.md - || { echo "make licences writes docs/licences.md anew; look at what is new" >&2; exit 1; }
	cd examples/benchmarks && $(GO) mod tidy -diff && $(GO) vet ./...
	cd examples/broker && $(GO) mod tidy -diff && $(GO) vet ./...
	cd .ci/queries && $(GO) mod tidy -diff && $(GO) vet ./...
	$(GOLANGCI_LINT) run ./...

.PHONY: bench
bench: ## Run the benchmarks.
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-sdk
bench-sdk: ## Compare decoding with the official SDK; it takes minutes to compile.
	cd examples/benchmarks && $(GO) test -run TestRatio -v ./decode

.PHONY: bench-sqlite
bench-sqlite: ## Compare the SQLite store with cgo and with GORM, side by side.
	cd examples/benchmarks && $(GO) test -run Ratio -v ./sqlite

.PHONY: bench-postgres
bench-postgres: ## Compare with peers on PostgreSQL, side by side; about ten minutes.
	cd examples/benchmarks && $(GO) run ./postgres

.PHONY: bench-sqs
bench-sqs: ## Compare the way from SQS to a hook with peers, and time the data action.
	cd examples/benchmarks && $(GO) run ./postgres -tables sqs,calls

.PHONY: bench-latency
bench-latency: ## Measure frame to hook, memory, start and stop beside a durable commit; some minutes.
	cd examples/benchmarks && $(GO) run ./latency

.PHONY: fuzz
fuzz: ## Fuzz each of the decoders for a minute.
	$(GO) test -run '^$$' -fuzz FuzzDecode -fuzztime 1m ./genesys
	$(GO) test -run '^$$' -fuzz FuzzDecode -fuzztime 1m ./conversation
	$(GO) test -run '^$$' -fuzz FuzzHandler -fuzztime 1m ./genesys/eventbridge
	$(GO) test -run '^$$' -fuzz FuzzUnpack -fuzztime 1m ./conversation

.PHONY: soak
soak: ## Run the laws, the fault simulation, kill -9 and logins at once for long.
	$(GO) test -count=1 -timeout 2h ./conversation -rapid.checks 100000
	$(GO) test -count=1 -timeout 2h ./events -rounds 500 -seed $$(date +%s)
	$(GO) test -count=1 -timeout 6h -run TestNothingIsLost . -simulations 10000 -simulation-seed $$(date +%s)
	$(GO) test -count=1 -timeout 6h -run TestKilled ./internal/integrationtest -kills 1000
	$(GO) test -count=1 -timeout 30m ./genesys/clientapp -run TestTwoFrames -logins 100

.PHONY: vuln
vuln: ## Look for known vulnerabilities in dependencies, where the database of Go can be reached.
	@if curl -fsS -m 20 -o /dev/null https://vuln.go.dev/index/db.json; then \
		$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...; \
	else \
		echo "make vuln: https://vuln.go.dev is out of reach: known vulnerabilities were NOT looked for" >&2; \
	fi

.PHONY: api
api: ## Compare the public API with the last release, and say which version is next.
	@if last=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null); then \
		$(GO) run golang.org/x/exp/cmd/gorelease@v0.0.0-20261113113407-e3970619a1a4 -base=$$last; \
	else \
		echo "make api: there is no release yet, so there is nothing to compare with" >&2; \
	fi

.PHONY: sbom
sbom: ## Write bin/sbom.json (CycloneDX), of what tests and examples need, too.
	@mkdir -p bin
	$(GO) run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 mod -json -output bin/sbom.json .

.PHONY: licences
licences: ## Write docs/licences.md, of what the packages bring into a program.
	$(GO) run .ci/licences.go >docs/licences.md
