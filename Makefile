# Thin: each target calls what exists. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-fast lint bench loadtest soak fresh ci

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: ## see orders travel, in one process; ARGS="--serve" keeps it
	go run ./cmd/ordersync demo $(ARGS)

test: ## the tests but for the long ones; ARGS="-run TestName" for one, long or not
	go test -timeout 20m ./... $(ARGS)

test-all: ## all tests, the long ones too
	ORDERSYNC_TEST_LONG=1 go test -timeout 20m ./... $(ARGS)

test-fast: ## the rooms whose tests take about a minute together
	go test ./configs ./douyin/... ./tasks/... ./scheduler/... ./cmd/internal/arrows $(ARGS)

lint: ## format, vet and golangci-lint, as CI has them
	test -z "$$(gofmt -l .)"
	go vet ./...
	go tool -modfile=.ci/tools/go.mod golangci-lint run

bench: ## all benchmarks; ARGS="-benchtime 5x"
	go test -run '^$$' -bench . $(ARGS) ./...

loadtest: ## rates beside plain asynq, on private servers; ARGS="--rounds 6"
	bash .ci/loadtest $(ARGS)

soak: ## money in a storm, of one system and of both, and 20,000 histories of it
	ORDERSYNC_SOAK=$${ORDERSYNC_SOAK:-120} go test -count=1 -timeout 30m -run '^Test(MoneyMoves|BothSystemsMoveMoney)OnceWhateverHappens$$' ./cmd/internal/journeys
	ORDERSYNC_SEEDS=$${ORDERSYNC_SEEDS:-1000-21000} go test -count=1 -run '^TestMoneyMovesOnceAndRowsAgreeWithDouyin$$' ./worker

fresh: ## walk README's shortest way with empty caches, and print the seconds
	bash .ci/fresh

ci: ## everything that CI runs; installs what the tests want
	.ci/run
