// SPDX-License-Identifier: Apache-2.0
#pragma once

// What networks compute in: float32, TF32 or bfloat16, for the time of a scope.

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace sanas {

/// What a network computes in: single precision; the same, but with the operands of convolutions
/// and matrix products rounded to TF32 (10 bits of mantissa) on GPUs that have it; or bfloat16
/// where LibTorch deems it safe (convolutions and matrix products) with weights and statistics in
/// single precision.
enum class Precision { kFloat32, kTf32, kBfloat16 };

std::string to_string(Precision precision);

/// Whether cuDNN and cuBLAS may round to TF32 where float32 is asked for, in the whole process.
/// LibTorch allows it for convolutions by default, `configure_device` does not: the two ends of a
/// finite difference of the hypergradient lie closer to each other than TF32 can tell apart.
void allow_tf32(bool allowed);
bool tf32_is_allowed();

/// Allows TF32 inside its scope if `precision` is kTf32. A backward pass reads the setting again,
/// so the scope holds both.
class ScopedTf32 {
 public:
  explicit ScopedTf32(Precision precision);
  ~ScopedTf32();
  ScopedTf32(const ScopedTf32&) = delete;
  ScopedTf32& operator=(const ScopedTf32&) = delete;

 private:
  bool saved_;
};

/// Lets LibTorch choose bfloat16 for what runs on `device` inside its scope (automatic mixed
/// precision), which holds the forward pass. Nothing changes for the other precisions. bfloat16 has
/// the exponents of float32, so that gradients need no loss scaling.
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
