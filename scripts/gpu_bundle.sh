#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lays into .gpu_bundle what scripts/gpu_check.sh needs on a machine without a network and without
# these packages: headers and static libraries of Debian's packages, only what the build uses, and
# a part of Fashion-MNIST. Runs where the tests run (scripts/install.sh --tests has been run).
set -euo pipefail
cd "$(dirname "$0")/.."

bundle=.gpu_bundle
packages=(libyaml-cpp-dev libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev zlib1g-dev
          libgtest-dev libgmock-dev)
images=12000  # training images of Fashion-MNIST; all of its test images

rm -rf "$bundle"
mkdir -p "$bundle/root" "$bundle/data/fashion-mnist"

# Headers, static libraries, and the files by which CMake finds them.
for package in "${packages[@]}"; do
  dpkg-query -L "$package" |
    grep -E '^/usr/(include/|lib/.*\.a$|lib/.*/cmake/|share/cmake/)' |
    while read -r file; do
      [[ -f $file ]] && printf '%s\0' "$file"
    done |
    xargs -0 -r cp --parents -L -t "$bundle/root"
done
# Debian describes shared libraries there; here the static yaml-cpp and the headers of spdlog.
cmake_files="$bundle/root/usr/lib/x86_64-linux-gnu/cmake"
rm -r "$cmake_files"/{yaml-cpp,spdlog,fmt}/*
cat >"$cmake_files/yaml-cpp/yaml-cpp-config.cmake" <<'CMAKE'
get_filename_component(_root "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)
add_library(yaml-cpp STATIC IMPORTED)
set_target_properties(yaml-cpp PROPERTIES
    IMPORTED_LOCATION "${_root}/lib/x86_64-linux-gnu/libyaml-cpp.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_root}/include")
CMAKE
cat >"$cmake_files/spdlog/spdlog-config.cmake" <<'CMAKE'
get_filename_component(_root "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)
add_library(spdlog::spdlog_header_only INTERFACE IMPORTED)
set_target_properties(spdlog::spdlog_header_only PROPERTIES
    INTERFACE_COMPILE_DEFINITIONS "SPDLOG_FMT_EXTERNAL;FMT_HEADER_ONLY"
    INTERFACE_INCLUDE_DIRECTORIES "${_root}/include")
CMAKE

# Of Boost's 190 MB of headers, those that our sources include.
grep -rhoE '#include <boost/[^>]+>' src include apps tests |
  sort -u |
  g++ -std=c++20 -x c++ -M - |
  tr ' \\' '\n\n' |
  grep '^/usr/include/boost/' |
  sort -u |
  xargs cp --parents -t "$bundle/root"
cp --parents /usr/include/boost/version.hpp -t "$bundle/root"

python3 - "$bundle/data/fashion-mnist" "$images" <<'PYTHON'
import gzip, pathlib, shutil, struct, sys

source = pathlib.Path("/usr/share/datasets/fashion-mnist")
target, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
for name, header, size in (("train-images-idx3-ubyte.gz", 16, 784), ("train-labels-idx1-ubyte.gz", 8, 1)):
    data = gzip.decompress((source / name).read_bytes())
    cut = data[:4] + struct.pack(">I", count) + data[8 : header + count * size]
    (target / name).write_bytes(gzip.compress(cut, mtime=0))
for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
    shutil.copyfile(source / name, target / name)
PYTHON

tree=$(git ls-files --cached --others --exclude-standard -z | du -cb --files0-from=- | tail -1 | cut -f1)
size=$(du -sb "$bundle" | cut -f1)
printf '%s: %d MiB; with the tree %d MiB\n' "$bundle" $((size >> 20)) $(((size + tree) >> 20))
