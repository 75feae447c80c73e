#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the libFuzzer targets (tests/fuzz, needs Clang) and runs each one from its corpus.
#   scripts/fuzz.sh [--runs N] [TARGET…]    1,000,000 inputs each by default, all targets
# What is found lies in build/release/fuzz/TARGET as crash-…, timeout-… or oom-…; new inputs that
# reach new code go on to the next call from there.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=1000000
if [[ "${1:-}" == --runs ]]; then
  runs="${2:?--runs needs a number}"
  shift 2
fi
targets=("$@")
if ((${#targets[@]} == 0)); then
  mapfile -t targets < <(basename -a -s _fuzz.cpp tests/fuzz/*_fuzz.cpp)
fi

CC=clang CXX=clang++ scripts/build.sh $(printf -- '--target %s_fuzz ' "${targets[@]}") -DSANAS_BUILD_FUZZERS=ON
for target in "${targets[@]}"; do
  echo "== $target"
  tests/fuzz/run.sh "build/release/bin/${target}_fuzz" "build/release/fuzz/$target" -runs="$runs"
done
