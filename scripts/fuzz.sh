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

CC=clang CXX=clang++ cmake --preset release -DSANAS_BUILD_FUZZERS=ON \
  -DTorch_DIR="${Torch_DIR:-$(echo "$PWD"/.venv/lib/python3*/site-packages/torch/share/cmake/Torch)}" >/dev/null
cmake --build --preset release --parallel "$(nproc)" --target "${targets[@]/%/_fuzz}"

# LibTorch, OpenCV and Python's loader keep memory to their end on purpose.
export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=0"
export OPENCV_IO_MAX_IMAGE_PIXELS=16777216
for target in "${targets[@]}"; do
  place="build/release/fuzz/$target"
  mkdir -p "$place"
  seeds=()
  for folder in "tests/fuzz/corpus/$target"; do
    [[ -d $folder ]] && seeds+=("$folder")
  done
  [[ $target == config ]] && seeds+=(configs)
  [[ $target == image ]] && seeds+=(tests/data/images)
  echo "== $target"
  "build/release/bin/${target}_fuzz" -runs="$runs" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$place/" "$place" "${seeds[@]}"
done
