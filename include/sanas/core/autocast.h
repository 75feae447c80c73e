// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace sanas {

/// What a network computes in: single precision, or bfloat16 where LibTorch deems it safe
/// (convolutions and matrix products) with weights and statistics in single precision.
enum class Precision { kFloat32, kBfloat16 };

std::string to_string(Precision precision);

/// Lets LibTorch choose bfloat16 for what runs on `device` inside its scope (automatic mixed
/// precision). Nothing changes for kFloat32. bfloat16 has the exponents of float32, so that
/// gradients need no loss scaling.
class ScopedPrecision {
 public:
  ScopedPrecision(const c10::Device& device, Precision precision);
  ~ScopedPrecision();
  ScopedPrecision(const ScopedPrecision&) = delete;
  ScopedPrecision& operator=(const ScopedPrecision&) = delete;

 private:
  c10::DeviceType device_;
  bool active_;
  bool saved_enabled_ = false;
  c10::ScalarType saved_type_ = c10::ScalarType::Undefined;
};

}  // namespace sanas
