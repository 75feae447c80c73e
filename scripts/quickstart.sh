#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a searched, retrained and explained network on Fashion-MNIST: installs what
# is missing, builds, and runs search → evaluation → saliency with configs/quickstart.yaml.
#   scripts/quickstart.sh [--no-install] [--out DIR]
set -euo pipefail
cd "$(dirname "$0")/.."

install=yes
out="runs/quickstart-$(date +%Y%m%d-%H%M%S)"
while (($# > 0)); do
  case "$1" in
    --no-install) install=no; shift ;;
    --out) out="${2:?--out needs a folder}"; shift 2 ;;
    *) echo "quickstart.sh: unknown option '$1'; expected --no-install or --out DIR" >&2; exit 2 ;;
  esac
done

[[ $install == no ]] || scripts/install.sh
scripts/build.sh -DSANAS_BUILD_TESTS=OFF
bin=build/release/bin

echo; echo "== 1/3 Search: which cell suits Fashion-MNIST?"
"$bin/sanas_search" --config configs/quickstart.yaml --out "$out/search"
echo; echo "== 2/3 Evaluation: train the network of that cell and test it"
"$bin/sanas_eval" --config configs/quickstart.yaml --genotype "$out/search/genotype.txt" --out "$out/eval"
echo; echo "== 3/3 Saliency: what does the network look at?"
"$bin/sanas_saliency" --checkpoint "$out/eval/checkpoints/last.safetensors" \
  --images fashion_mnist:test --count 16 --out "$out/saliency"
"$bin/sanas_inspect" report "$out/search" "$out/eval" "$out/saliency" --out "$out/report.html"

echo
echo "Test accuracy: $(cat "$out/eval/test_accuracy.txt")"
echo "Genotype:      $(cat "$out/search/genotype.txt")"
echo "Run folder:    $out (search/, eval/, saliency/)"
echo "On one page:   $out/report.html"
