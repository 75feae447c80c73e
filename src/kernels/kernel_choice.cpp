// SPDX-License-Identifier: Apache-2.0
#include "sanas/kernels/kernel_choice.h"

#include <ATen/autocast_mode.h>

#include <utility>

#include "kernels/instruction_sets.h"

namespace sanas {
namespace {

thread_local bool only_composed = false;

}  // namespace

std::string to_string(KernelChoice choice) {
  return choice == KernelChoice::kAuto ? "auto" : "composed";
}

bool runs_on_kernels(KernelChoice choice, const torch::Tensor& images) {
  return choice == KernelChoice::kAuto && !only_composed && images.device().is_cpu() &&
         (images.scalar_type() == torch::kFloat || images.scalar_type() == torch::kDouble) &&
         !at::autocast::is_autocast_enabled(at::kCPU);
}

ScopedComposed::ScopedComposed() : before_(std::exchange(only_composed, true)) {}

ScopedComposed::~ScopedComposed() { only_composed = before_; }

std::string kernel_instruction_set() { return kernels::kernel_set().name; }

}  // namespace sanas
