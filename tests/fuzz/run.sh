#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a libFuzzer target from its seeds; ctest and scripts/fuzz.sh call it.
#   run.sh FUZZER FOLDER OPTION…
# FOLDER gets what is found (crash-…, timeout-…, oom-…) and the inputs that reach new code, from
# which the next call goes on.
set -euo pipefail
fuzzer=$1
folder=$2
shift 2
tests=$(cd "$(dirname "$0")/.." && pwd)

case "$(basename "$fuzzer")" in
  config_fuzz) seeds=("$tests/fuzz/corpus/config" "$tests/../configs") ;;
  image_fuzz) seeds=("$tests/data/images") ;;
  *) seeds=("$tests/fuzz/corpus/$(basename "$fuzzer" _fuzz)") ;;
esac

# LibTorch, OpenCV and Python's loader keep memory to their end on purpose.
export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=0"
export OPENCV_IO_MAX_IMAGE_PIXELS=16777216
export OMP_NUM_THREADS=1
mkdir -p "$folder"
exec "$fuzzer" "$@" -max_len=4096 -timeout=60 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
  -artifact_prefix="$folder/" "$folder" "${seeds[@]}"
