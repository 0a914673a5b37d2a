# What developers and CI run. `make` alone is `make test`; `make help` lists the rest.

.PHONY: test contract fuzz mutants faults help format bench sbom openapi clean

test: ## Run every check that CI runs, the tests last
	@echo "== Tools"
	@scripts/install-tools
	@echo "== Format"
	@cargo fmt --all --check
	@echo "== Dependencies"
	@scripts/check-dependencies
	@echo "== Lints"
	@cargo clippy --workspace --all-targets --locked -- -D warnings
	@echo "== Code documentation"
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
	@echo "== OpenAPI document"
	@scripts/check-openapi
	@echo "== Tests"
	@cargo test --workspace --locked

contract: ## Have Schemathesis make up 50,000 requests and more: ten callers with 5,000 each
	@scripts/install-tools
	@TEAMMATE_CONTRACT_CASES=5000 cargo test --locked -p end-to-end --test end_to_end -- schemathesis --nocapture

fuzz: ## Try every parser with a million changed inputs, and the service with 100,000 requests (hours)
	@TEAMMATE_FUZZ_CASES=1000000 cargo test --release --locked -p end-to-end --test fuzz -- --skip http
	@TEAMMATE_FUZZ_CASES=100000 cargo test --release --locked -p end-to-end --test fuzz -- http

mutants: ## Check that the unit tests notice every small change of domain
	@scripts/mutants

faults: ## Let disks fill up, databases die and other servers hang, and check what stays true (minutes)
	@scripts/install-tools
	@cargo test --locked -p end-to-end --test faults -- --include-ignored --test-threads 1
	@cargo test --locked -p end-to-end --test end_to_end -- connections logs readiness durability

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

format: ## Format the code
	@cargo fmt --all

bench: ## Measure the service, its limits and its peers
	@bench/run

sbom: ## List what a release is made of, as CycloneDX, in target/sbom
	@scripts/sbom

openapi: ## Write openapi.yaml and docs/errors.md anew from the code
	@mkdir -p target
	@cargo run --quiet -- openapi > target/openapi.yaml
	@mv target/openapi.yaml openapi.yaml
	@cargo run --quiet -- errors > docs/errors.md

clean: ## Remove everything that was built or installed here
	@cargo clean
	@rm -rf node_modules
