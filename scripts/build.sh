#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds into build/<preset>, programs in build/<preset>/bin.
#   scripts/build.sh [--preset release|debug|asan|tsan] [--target NAME]… [CMake options…]
# Torch_DIR in the environment names a LibTorch other than the one in .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
if [[ "${1:-}" == --preset ]]; then
  preset="${2:?--preset needs a name}"
  shift 2
fi
targets=()
while [[ "${1:-}" == --target ]]; do
  targets+=(--target "${2:?--target needs a name}")
  shift 2
done
torch_dir="${Torch_DIR:-$(echo "$PWD"/.venv/lib/python3*/site-packages/torch/share/cmake/Torch)}"
if [[ ! -e "$torch_dir/TorchConfig.cmake" ]]; then
  echo "build.sh: no LibTorch in $torch_dir: run scripts/install.sh, or set Torch_DIR" >&2
  exit 1
fi
# Clang instantiates the templates of a precompiled header once, GCC in every unit: with LibTorch
# it builds several times faster. CXX chooses another compiler.
if [[ -z "${CXX:-}" ]] && command -v clang++ >/dev/null; then
  export CC=clang CXX=clang++
fi
cmake --preset "$preset" -DTorch_DIR="$torch_dir" "$@" >build.log 2>&1 || { cat build.log >&2; exit 1; }
rm -f build.log
# Units that include LibTorch take more than 1 GB each: no more jobs than memory allows.
memory_kb=$(awk '/MemAvailable/ {print $2}' /proc/meminfo)
jobs=$((memory_kb / 2000000))
cores=$(nproc)
jobs=$((jobs < 1 ? 1 : jobs > cores ? cores : jobs))
cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}"
