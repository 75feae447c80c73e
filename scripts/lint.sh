#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Format, layering, sizes and static analysis of our own code. `--fix` formats in place; `--tidy` also runs
# clang-tidy on every source (it parses LibTorch each time: about half a minute per file).
set -euo pipefail
cd "$(dirname "$0")/.."

fix=no tidy=no
for option in "$@"; do
  case "$option" in
    --fix) fix=yes ;;
    --tidy) tidy=yes ;;
    *) echo "lint.sh: unknown option '$option'; expected --fix or --tidy" >&2; exit 2 ;;
  esac
done

mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.h' '*.cpp' '*.cu' '*.cuh')
if [[ $fix == yes ]]; then
  clang-format -i "${files[@]}"
else
  clang-format --dry-run --Werror "${files[@]}"
fi
python3 scripts/check_layers.py
python3 scripts/check_sizes.py
cppcheck --quiet --error-exitcode=1 --std=c++20 --language=c++ --inline-suppr \
  --enable=performance,portability --suppress=missingIncludeSystem --suppress=internalAstError \
  --suppress=syntaxError --suppress=missingReturn --suppress=containerOutOfBounds \
  --suppress=useInitializationList --suppress=passedByValue -I include -I src src apps
if [[ $tidy == yes ]]; then
  printf '%s\n' "${files[@]}" | grep -E '^(src|apps)/.*\.cpp$' |
    xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/release
fi
echo "lint: clean"
