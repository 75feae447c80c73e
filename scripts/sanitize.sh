#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests in C++ under sanitizers, in build/asan and build/tsan. LibTorch itself is not
# instrumented, and its CUDA half, which doesn't start under ThreadSanitizer, is left out.
#   scripts/sanitize.sh [asan|tsan]     both by default
# asan: AddressSanitizer and UndefinedBehaviorSanitizer, all tests.
# tsan: ThreadSanitizer, what is used by several threads: loader, log, metrics, progress, and the
# threads of the kernels.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-both}" in
  asan | tsan | both) ;;
  *) echo "sanitize.sh: unknown argument '$1'; expected asan or tsan" >&2; exit 2 ;;
esac

# check PRESET TESTS [--target NAME]…
check() {
  local preset=$1 tests=$2
  shift 2
  scripts/build.sh --preset "$preset" "$@" -DSANAS_BUILD_TESTS=ON -DSANAS_BUILD_APPS=OFF
  ctest --preset "$preset" --parallel "$(nproc)" --tests-regex "^($tests)\$"
}

if [[ ${1:-both} != tsan ]]; then
  # What LibTorch keeps to the end of the process is no leak.
  export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1"
  export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
  check asan '[a-z]+\..*_test'
fi
if [[ ${1:-both} != asan ]]; then
  export TSAN_OPTIONS="suppressions=$PWD/scripts/sanitizers/tsan.txt:halt_on_error=1"
  check tsan '(core|data)\..*|kernels\.worker_pool_test|runs\.(run_folder|run_recorder)_test' \
    --target sanas_core_tests --target sanas_data_tests --target sanas_kernels_tests \
    --target sanas_runs_tests
fi
