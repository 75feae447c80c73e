#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the build needs and is missing: Debian packages (as root, or with sudo) and LibTorch
# into .venv. Does nothing where everything is there. `--tests` adds what only the tests use.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH_VERSION="${SANAS_TORCH_VERSION:-2.11.0}"
packages=(clang g++ cmake ninja-build ccache python3 python3-venv libopencv-dev libyaml-cpp-dev
          libspdlog-dev libcli11-dev nlohmann-json3-dev zlib1g-dev libarchive-dev libboost-dev graphviz
          dataset-fashion-mnist)
python_packages=("torch==${TORCH_VERSION}" numpy)
for option in "$@"; do
  case "$option" in
    --tests)
      packages+=(libgtest-dev libgmock-dev xz-utils git chromium)
      python_packages+=(scipy safetensors pytest foolbox==3.3.4 torchvision==0.26.0 protobuf absl-py
                        captum==0.9.0 scikit-learn pillow krippendorff)
      ;;
    *)
      echo "install.sh: unknown option '$option'; expected --tests" >&2
      exit 2
      ;;
  esac
done

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
  done
else
  echo "install.sh: this is no Debian system; see docs/install.md for what is needed" >&2
fi
if ((${#missing[@]} > 0)); then
  echo "Installing ${missing[*]}"
  as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || {
      echo "install.sh: run as root: apt-get install ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

# A LibTorch of one's own replaces the one from PyPI: Torch_DIR=…/share/cmake/Torch. The tests need
# the Python package in any case.
if [[ -n "${Torch_DIR:-}" && "$*" != *--tests* ]]; then
  exit 0
fi
[[ -x .venv/bin/python ]] || python3 -m venv .venv
wanted=$(printf '%s\n' "${python_packages[@]}")
if [[ "$(cat .venv/sanas-packages 2>/dev/null)" != "$wanted"* ]]; then
  if [[ "$*" == *--tests* ]] || ! .venv/bin/python -c "import torch, sys; sys.exit(torch.__version__.split('+')[0] != '${TORCH_VERSION}')" 2>/dev/null; then
    echo "Installing ${python_packages[*]} into .venv (some minutes, about 5 GB)"
    .venv/bin/python -m pip install -q --disable-pip-version-check "${python_packages[@]}"
    if [[ "$*" == *--tests* ]]; then
      # It asks for an old version of requests that it does not need.
      .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps torchattacks==3.5.1
      # Its reader of event files alone needs nothing else.
      .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps tensorboard==2.21.0
    fi
    printf '%s\n' "${python_packages[@]}" >.venv/sanas-packages
  fi
fi
