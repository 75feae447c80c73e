#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a searched, retrained and explained network on Fashion-MNIST: installs what
# is missing, builds, and runs search → training → random cells → saliency maps with
# configs/quickstart.yaml. Stopped at any moment and started again it goes on.
#   scripts/quickstart.sh [--no-install] [--out DIR]
set -euo pipefail
cd "$(dirname "$0")/.."

readonly bin=build/release/bin config=configs/quickstart.yaml build_log=build/quickstart.log
readonly needed_gb=7
install=yes
out=runs/quickstart
while (($# > 0)); do
  case "$1" in
    --no-install) install=no; shift ;;
    --out) out="${2:?--out needs a folder}"; shift 2 ;;
    *) echo "quickstart.sh: unknown option '$1'; expected --no-install or --out DIR" >&2; exit 2 ;;
  esac
done

say() { printf '\n== %s\n' "$*"; }

introduce() {
  echo "This searches a cell for Fashion-MNIST, trains its network and three of random cells, and draws"
  echo "what the network looks at. On two cores it takes some"
  [[ $install == no ]] || echo "   5 minutes to install what is missing (LibTorch, 5 GB),"
  echo "  15 minutes to build, the first time,"
  echo "   8 minutes to search, train and draw."
  echo "Stop it with Ctrl-C whenever you like: the same command goes on. Everything lies in $out."
}

check_disk() {
  local free_gb
  free_gb=$(($(df --output=avail -k . | tail -1) / 1000000))
  if [[ ! -x $bin/sanas_search ]] && ((free_gb < needed_gb)); then
    echo "quickstart.sh: $free_gb GB are free here; expected at least $needed_gb GB for LibTorch and the build" >&2
    exit 1
  fi
}

# Turns what Ninja prints, "[12/345] Building …", into one line with an estimate, or without a
# terminal into a line for every tenth.
show_build() {
  local line start=$SECONDS said=0
  while IFS= read -r line; do
    [[ $line =~ ^\[([1-9][0-9]*)/([0-9]+)\] ]] || continue
    local done=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
    local percent=$((100 * done / all))
    local text="$done of $all ($percent %), about $((((SECONDS - start) * (all - done) / done + 59) / 60)) min to go"
    if [[ -t 1 ]]; then
      printf '\r%s\e[K' "$text"
    elif ((percent >= said + 10)); then
      said=$((percent / 10 * 10))
      echo "$text"
    fi
  done
  [[ ! -t 1 ]] || printf '\r\e[K'
}

build() {
  mkdir -p build
  if ! scripts/build.sh -DSANAS_BUILD_TESTS=OFF 2>&1 | tee "$build_log" | show_build; then
    tail -n 20 "$build_log" >&2
    echo "quickstart.sh: the build failed; all it said is in $build_log" >&2
    exit 1
  fi
  echo "built in $bin"
}

# Runs a program whose --out is a folder, and goes on with what is in it.
go_on() {
  local folder=$1
  shift
  local resume=()
  if compgen -G "$folder/config.yaml" >/dev/null || compgen -G "$folder/*/config.yaml" >/dev/null; then
    resume=(--resume)
  fi
  "$@" --out "$folder" "${resume[@]}" || stop "$?"
}

# Ends as a program ended, which has said why.
stop() {
  [[ $1 != 4 ]] || echo "quickstart.sh: stopped; the same command goes on" >&2
  exit "$1"
}
trap 'stop 4' INT

accuracies() { awk -F'\t' 'NR > 1 {printf "%s%.2f %%", (NR > 2 ? ", " : ""), 100 * $2}' "$1"; }

conclude() {
  local page=$out/report.html
  say "Done"
  "$bin/sanas_inspect" genotype "$out/search/genotype.txt" --format words
  echo
  awk '{printf "Test accuracy  %.2f %%\n", 100 * $1}' "$out/eval/test_accuracy.txt"
  echo "Random cells   $(accuracies "$out/random/results.tsv")  (as large, trained the same way)"
  echo "Page           $page"
  if [[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]] && command -v xdg-open >/dev/null; then
    echo "Open it        xdg-open $(printf %q "$page")"
  else
    echo "Open it        python3 -m http.server --directory $(printf %q "$out") 8000, then http://localhost:8000/report.html"
  fi
  cat <<EOF

Go on with
  $bin/sanas_search --list-configs
  $bin/sanas_search --config cifar10_darts2nd --data DIR      (CIFAR-10, as in the paper)
  $bin/sanas_saliency --checkpoint $(printf %q "$out/eval/checkpoints/last.safetensors") --images FOLDER --out maps
EOF
}

introduce
check_disk
if [[ $install == yes ]]; then
  say "Install"
  scripts/install.sh
fi
say "Build"
build
say "1/4 Search: which cell suits Fashion-MNIST?"
go_on "$out/search" "$bin/sanas_search" --config "$config"
say "2/4 Training: how good is the network of that cell?"
go_on "$out/eval" "$bin/sanas_eval" --config "$config" --genotype "$out/search/genotype.txt"
say "3/4 Baseline: how good are random cells of about equal size?"
go_on "$out/random" "$bin/sanas_eval" --config "$config" --random-genotypes 3 \
  --as-large-as "$out/search/genotype.txt"
say "4/4 Saliency: what does the network look at?"
"$bin/sanas_saliency" --checkpoint "$out/eval/checkpoints/last.safetensors" \
  --images fashion_mnist:test --count 10 --smooth 1 --out "$out/saliency" || stop "$?"
"$bin/sanas_inspect" report "$out/search" "$out/eval" "$out/random" "$out/saliency" --out "$out/report.html"
conclude
