#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The first command on a machine with a GPU: builds without OpenCV against the LibTorch of the
# machine's Python and the packages in .gpu_bundle (scripts/gpu_bundle.sh makes it elsewhere; no
# network is needed here), runs what runs on a GPU, and prints one table. Exit status 1 if anything
# failed. Without a GPU it does the same in small on the CPU and says what that leaves out.
#   scripts/gpu_check.sh [--build-only]
set -uo pipefail
cd "$(dirname "$0")/.."

build_only=no
case "${1:-}" in
  "") ;;
  --build-only) build_only=yes ;;
  *) echo "gpu_check.sh: unknown option '$1'; expected --build-only" >&2; exit 2 ;;
esac

root="$PWD/.gpu_bundle/root/usr"
build="$PWD/build/gpu_check"
python=python3
[[ -x .venv/bin/python ]] && python=.venv/bin/python
[[ -d $root ]] || { echo "gpu_check.sh: no .gpu_bundle: run scripts/gpu_bundle.sh first" >&2; exit 1; }
torch_dir=$("$python" -c 'import torch; print(torch.utils.cmake_prefix_path)')/Torch || exit 1
device=$("$python" -c 'import torch; print("cuda" if torch.cuda.is_available() else "cpu")')
rm -rf "$build/logs" "$build/runs"
mkdir -p "$build/logs" "$build/runs"

rows=()
failures=0
# row NAME RESULT SECONDS REMARK
row() { rows+=("$(printf '%-26s %-8s %5s s  %s' "$@")"); }

# step NAME LIMIT COMMAND…: a row of the table; the output goes to logs/NAME.log.
step() {
  local name=$1 limit=$2 start=$SECONDS status=0
  shift 2
  echo "== $name"
  timeout "$limit" "$@" >"$build/logs/$name.log" 2>&1 || status=$?
  if ((status == 0)); then
    row "$name" ok $((SECONDS - start)) ""
  else
    failures=$((failures + 1))
    row "$name" FAILED $((SECONDS - start)) \
      "status $status: $(tail -1 "$build/logs/$name.log" | cut -c1-150)"
  fi
  return "$status"
}

finish() {
  echo
  echo "sanas on ${device}, $("$python" -c 'import torch
print("torch", torch.__version__, *([torch.cuda.get_device_name()] if torch.cuda.is_available() else []))'), $(nproc) cores"
  printf '%s\n' "${rows[@]}"
  [[ $device == cuda ]] || echo "no GPU: its tests were left out, everything else ran on the CPU"
  echo "$failures failed; logs in ${build#"$PWD"/}/logs"
  exit $((failures > 0))
}

layers=(nn supernet attack search train saliency)  # those that have tests on a device
targets=(program_search program_eval program_saliency program_inspect)
for layer in "${layers[@]}"; do targets+=("sanas_${layer}_tests"); done

cmake_files="$root/lib/x86_64-linux-gnu/cmake"
# -O1: the time goes into LibTorch, and the build has to be quick. NDEBUG: LibTorch's headers lay
# out classes in another way without it.
step configure 60 cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" -DTorch_DIR="$torch_dir" -DSANAS_WITH_OPENCV=OFF \
  -DSANAS_BUILD_TESTS=ON -DCMAKE_DISABLE_FIND_PACKAGE_LibArchive=ON \
  -Dyaml-cpp_DIR="$cmake_files/yaml-cpp" -Dspdlog_DIR="$cmake_files/spdlog" \
  -DGTest_DIR="$cmake_files/GTest" \
  -DCLI11_DIR="$root/share/cmake/CLI11" -Dnlohmann_json_DIR="$root/share/cmake/nlohmann_json" \
  -DZLIB_LIBRARY="$root/lib/x86_64-linux-gnu/libz.a" -DZLIB_INCLUDE_DIR="$root/include" \
  -DBoost_NO_BOOST_CMAKE=ON -DBoost_INCLUDE_DIR="$root/include" || finish
step build 1200 cmake --build "$build" --target "${targets[@]}" || finish
[[ $build_only == no ]] || finish

if [[ $device == cuda ]]; then
  step tests 150 ctest --test-dir "$build" -L cuda --output-on-failure --parallel 4
  while read -r line; do row "  ${line%% relative*}" "" "" "${line#* relative-error }"; done \
    < <(grep -hoE 'term .* relative-error [0-9.e+-]+.*' "$build/logs/tests.log" \
        "$build"/Testing/Temporary/LastTest.log 2>/dev/null | sed 's/^term //' | sort -u)
  size=(--set supernet.channels=16 --set supernet.cells=5 --set search.batch_size=32)
  test_images=0
else
  row tests skipped 0 "no GPU"
  size=(--set supernet.channels=4 --set supernet.cells=3 --set search.batch_size=4)
  test_images=100
fi

common=(--data "$PWD/.gpu_bundle/data" --device "$device" --threads 2 --quiet)
search() {  # search CONFIG [options…]
  local config=$1
  shift
  step "search-$config" 60 "$build/bin/sanas_search" --config "configs/cifar10_$config.yaml" \
    --out "$build/runs/$config" "${common[@]}" --set dataset.name=fashion_mnist \
    --set dataset.pad_to_32=true --set dataset.workers=2 --set search.epochs=1 \
    --set search.max_steps=10 --set search.report_every=1 --set search.validate_every=0 \
    --set search.architecture.start_epoch=0 "${size[@]}" "$@"
}
search darts1st
search darts2nd
search pcdarts
search pdarts --set "supernet.pdarts.added_cells=[0, 0, 0]"
search prdarts

step training 60 "$build/bin/sanas_eval" --config configs/quickstart.yaml \
  --genotype "$build/runs/darts2nd/genotype.txt" --out "$build/runs/training" "${common[@]}" \
  --set dataset.name=fashion_mnist --set evaluation.max_steps=50 --set evaluation.test_images=$test_images
step maps 60 "$build/bin/sanas_saliency" --checkpoint "$build/runs/training/checkpoints/last.safetensors" \
  --images fashion_mnist:test --count 8 --out "$build/runs/maps" "${common[@]}" \
  --method pgd --method gradient --method smoothgrad --method integrated_gradients --method gradcam
finish
