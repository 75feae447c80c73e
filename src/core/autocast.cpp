// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/autocast.h"

#include <ATen/autocast_mode.h>

namespace sanas {

std::string to_string(Precision precision) {
  return precision == Precision::kFloat32 ? "float32" : "bfloat16";
}

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
