#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds with tests and runs all of them through ctest. With CI in the
# environment, a warning of the compiler is an error.
#   scripts/test.sh [--no-install] [ctest options…]
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ "${1:-}" == --no-install ]]; then
  shift
else
  scripts/install.sh --tests
fi
fuzzers=ON
[[ -n "${CXX:-}" && "$CXX" != *clang* ]] && fuzzers=OFF  # libFuzzer belongs to Clang
# The warnings are looked for in the output instead of made errors by a flag, so that what
# quickstart.sh has built is not built again.
output=build/compiler_output.txt
mkdir -p build
scripts/build.sh -DSANAS_BUILD_TESTS=ON -DSANAS_BUILD_FUZZERS="$fuzzers" 2>&1 | tee "$output"
if [[ -n "${CI:-}" ]] && grep -E 'warning: .*\[-W' "$output" >&2; then
  echo "test.sh: the compiler warned (see above); expected no warnings" >&2
  exit 1
fi
exec ctest --preset release --parallel "$(nproc)" "$@"
