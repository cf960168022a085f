#!/usr/bin/env bash
# A RUSTC_WRAPPER: the fuzzer watches the branches of the crates that read, not those of the engine behind them, which
# would take long to build and tell nothing. Build scripts and macros (no --target) are left alone.
rustc=$1
shift
name=
target=
previous=
for argument in "$@"; do
  [ "$previous" = --crate-name ] && name=$argument
  [ "$argument" = --target ] && target=yes
  previous=$argument
done
case "$target $name" in
  "yes highwater_"* | "yes calamine" | "yes csv" | "yes csv_core" | "yes quick_xml" | "yes serde_json" | "yes serde_json_borrow" | "yes zip")
    set -- "$@" -C passes=sancov-module \
      -C llvm-args=-sanitizer-coverage-level=4 -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
      -C llvm-args=-sanitizer-coverage-pc-table -C llvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
case "$target $name" in
  # As in the profile that tests are built in.
  "yes highwater_"*) set -- "$@" -C debug-assertions -C overflow-checks ;;
esac
exec "$rustc" "$@"
