#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests under sanitizers; LibTorch itself is not instrumented.
#   scripts/sanitize.sh [asan|tsan]     both by default
# asan: AddressSanitizer and UndefinedBehaviorSanitizer, all tests in C++.
# tsan: ThreadSanitizer, what runs in several threads: loader, log, metrics, progress, kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

threaded='(core|data|kernels)\..*|io\.(metrics_log|progress|run_folder)_test'

check() {
  local preset=$1 tests=$2
  scripts/build.sh --preset "$preset" -DSANAS_BUILD_TESTS=ON -DSANAS_BUILD_APPS="$3"
  ctest --preset "$preset" --parallel "$(nproc)" --tests-regex "^($tests)\$"
}

case "${1:-both}" in
  asan | tsan | both) ;;
  *) echo "sanitize.sh: unknown argument '$1'; expected asan or tsan" >&2; exit 2 ;;
esac
if [[ ${1:-both} != tsan ]]; then
  # The loader of LibTorch and Python keep memory to their end on purpose.
  export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1"
  export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
  check asan '[a-z]+\..*_test' OFF
fi
if [[ ${1:-both} != asan ]]; then
  export TSAN_OPTIONS="suppressions=$PWD/scripts/sanitizers/tsan.txt:halt_on_error=1"
  check tsan "$threaded" OFF
fi
