# list the recipes
default:
    @just --list --unsorted

# every check, as CI runs them
check:
    .ci/run

# the tests
test:
    cargo test --locked

# the property tests with many more cases, then each parser under libFuzzer for so many seconds; nothing is left in the tree
fuzz cases="20000" seconds="60":
    PROPTEST_CASES={{ cases }} cargo test --locked --lib -- billing:: simulator::world
    PROPTEST_CASES={{ cases }} cargo test --locked --test it -- attribution fuzz
    tests/fuzz/run {{ seconds }}

# a simulated month, night by night, into demo/
demo:
    cargo run --locked -- demo

# format the code
fmt:
    cargo fmt --all

# rewrite fixtures/; read the diff before you commit it
fixtures:
    SUBLEDGER_UPDATE=1 cargo test --locked --test it fixtures

# rewrite reports/example; read the diff before you commit it
example:
    SUBLEDGER_UPDATE=1 cargo test --locked --test it example_reports

# review the snapshots that changed
snapshots:
    @command -v cargo-insta >/dev/null || { echo 'hint: `cargo install cargo-insta`, or compare the *.snap.new files by hand' >&2; exit 1; }
    cargo insta review

# prove with DuckDB and pyarrow that Parquet and CSV say the same
parquet *arguments:
    tests/parquet/run {{ arguments }}

# prove with the FinOps Foundation's validator that the FOCUS dataset is one
focus *arguments:
    tests/focus/run {{ arguments }}

# look at the pages in Chromium: console, overflow, contrast, headings, paper; pictures go to target/page/
page *arguments:
    tests/page/run {{ arguments }}

# prove with LibreOffice that the workbook calculates, and that spreadsheets read the CSV for them as meant; with pictures
office *arguments:
    tests/office/run {{ arguments }}

# check schedules, workflows, containers and metrics with the tools of those that read them
ops:
    mkdir -p target/ops
    SUBLEDGER_METRICS="$PWD/target/ops/subledger.prom" cargo test --locked --test it -- telling::what_watches
    SUBLEDGER_BINARY="$PWD/target/debug/subledger" SUBLEDGER_METRICS="$PWD/target/ops/subledger.prom" tests/ops/run

# make the book of docs/ in target/book, and follow its links
book:
    tests/book/run

# make what a release is made of in target/dist: archive, Debian package, list of contents, hashes
release *arguments:
    packaging/release/build {{ arguments }}

# take nights with the archive on a real S3 server, and with everything that goes wrong with one
s3 *arguments:
    tests/s3/run {{ arguments }}

# kill and fail the binary at every call on its files, and cut the power: evidence stays whole; takes some minutes
crash:
    tests/crash/run

# check licences, sources, banned crates and advisories with cargo-deny, which is built for it where it is missing
supply:
    tests/supply/run --install

# prove with the vendor's specification, a file you have, that the simulator keeps to it
contract *arguments:
    tests/contract/run {{ arguments }}

# measure whole processes beside what users would write in other tools, up to a million sub accounts; takes an hour the first time
bench *arguments:
    tests/bench/run {{ arguments }}

# the same in a minute: small sizes, few runs, a release build taken for granted
bench-quick:
    tests/bench/run --quick

# measure the core's functions, each on its own
bench-core *arguments:
    cargo bench --locked --bench core -- {{ arguments }}

# build for a profiler: nearly a release, with names and lines; then `perf record target/profiling/subledger report`
profile:
    cargo build --profile profiling --locked

# ask three engines one question of the same archive, and compare the answers to the last digit
scale *arguments:
    tests/scale/run {{ arguments }}

# measure the simulator with 100,000 sub accounts, in a release build
figures accounts="100000":
    cargo build --release --locked
    tests/simulator/figures {{ accounts }}

# rewrite the parts of the README that come from the program
readme:
    SUBLEDGER_UPDATE=1 cargo test --locked --test it readme_says

# rewrite the columns in docs/reports.md
reference:
    SUBLEDGER_UPDATE=1 cargo test --locked --test it reference
