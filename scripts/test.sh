#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds with tests and runs all of them through ctest.
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
scripts/build.sh -DSANAS_BUILD_TESTS=ON -DSANAS_WARNINGS_AS_ERRORS=ON -DSANAS_BUILD_FUZZERS="$fuzzers"
exec ctest --preset release --parallel "$(nproc)" "$@"
