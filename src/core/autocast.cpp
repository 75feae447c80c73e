// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/autocast.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

namespace sanas {

std::string to_string(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "float32";
    case Precision::kTf32:
      return "tf32";
    case Precision::kBfloat16:
      return "bfloat16";
  }
  return {};
}

// These two setters keep both of LibTorch's descriptions of the setting in step; it refuses to
// compute where only one of them was changed.
void allow_tf32(bool allowed) {
  at::globalContext().setAllowTF32CuDNN(allowed);
  at::globalContext().setAllowTF32CuBLAS(allowed);
}

bool tf32_is_allowed() {
  return at::globalContext().allowTF32CuDNN() || at::globalContext().allowTF32CuBLAS();
}

ScopedTf32::ScopedTf32(Precision precision) : saved_(tf32_is_allowed()) {
  allow_tf32(saved_ || precision == Precision::kTf32);
}

ScopedTf32::~ScopedTf32() { allow_tf32(saved_); }

ScopedPrecision::ScopedPrecision(const c10::Device& device, Precision precision)
    : device_(device.type()), active_(precision == Precision::kBfloat16) {
  if (active_) {
    saved_enabled_ = at::autocast::is_autocast_enabled(device_);
    saved_type_ = at::autocast::get_autocast_dtype(device_);
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::increment_nesting();
  }
}

ScopedPrecision::~ScopedPrecision() {
  if (active_) {
    if (at::autocast::decrement_nesting() == 0) {
      at::autocast::clear_cache();  // copies of weights that the next update makes wrong
    }
    at::autocast::set_autocast_enabled(device_, saved_enabled_);
    at::autocast::set_autocast_dtype(device_, saved_type_);
  }
}

}  // namespace sanas
