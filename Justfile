# `./bootstrap RECIPE` gets what a recipe needs first; `just RECIPE` does without.

set positional-arguments

# List the recipes
@default:
    "{{just_executable()}}" --list --unsorted

# Review manifests with the bundled policies, as `forewarn check` does
[no-cd]
[no-exit-message]
check *ARGS: build
    @cargo run --quiet --release --manifest-path "{{justfile_directory()}}/Cargo.toml" --package forewarn -- check "$@"

# Build the policies
wasm:
    cargo xtask wasm

# Build the policies and the forewarn command
build: wasm
    cargo build --release --package forewarn

# Build the site (playground, policies, book) and the forewarn command that serves it
site: wasm
    cd host/web/page && npm ci --silent --no-audit --no-fund
    cd host/web && cargo build --release --target wasm32-unknown-unknown --package forewarn-web
    cd host/web && cargo run --quiet --release --package forewarn-web-pack -- ../.. ../../target/site
    cargo build --release --package forewarn

# Drive the site in a real browser
e2e: site
    cd host/web && node --test e2e/*.test.mjs

# Measure the site in a real browser
bench-site: site
    cd host/web && node e2e/speed.mjs

# Everything that CI runs: format, lints, dependencies, tests, generated files, the template for policies, the site
test: lint audit build && e2e
    cargo test --release --workspace
    cargo xtask gen --check
    cargo xtask package --check
    cargo xtask try-template
    cargo xtask reproduce conntrack-saturation external-ips

# Build one policy and run its cases
cases ID: build
    cargo test --release --package forewarn-tests --test cases -- "$1"

# Make the folder of a new policy
new-policy ID:
    cargo xtask new-policy "$1"

# Write what is generated: tables in the policies' READMEs, Kubernetes' types, the schema of forewarn.yaml
gen:
    cargo xtask gen
    cargo run --quiet --release --package forewarn -- init --schema > forewarn.schema.json
    cargo xtask package

# Check licences, sources and known flaws of the dependencies
audit:
    cargo xtask audit

# Build policies, or all, in two other folders and compare their digests
reproduce *IDS: build
    cargo xtask reproduce "$@"

# Put together what is published; with --registry HOST/PATH --key FILE, push and sign the policies
release *ARGS: build
    cargo xtask package --check
    cargo xtask release "$@"

# Measure the modules and the command, on further files or folders too
bench *PATHS: build
    cargo xtask bench "$@"

# Format all code
fmt:
    cargo fmt --all
    cd host/web && cargo fmt --all

# Check the format, and let clippy check the host and the guests
lint:
    cargo fmt --all --check
    cd host/web && cargo fmt --all --check
    cargo xtask lint
