// SPDX-License-Identifier: Apache-2.0
#include "kernels/instruction_sets.h"

namespace sanas::kernels {

namespace plain {
const KernelSet& kernel_set();
}
#ifdef SANAS_X86_KERNELS
namespace avx2 {
const KernelSet& kernel_set();
}
namespace avx512 {
const KernelSet& kernel_set();
}
#endif

namespace {

const KernelSet*& set_in_use() {
  static const KernelSet* set = available_kernel_sets().front();
  return set;
}

}  // namespace

std::vector<const KernelSet*> available_kernel_sets() {
  std::vector<const KernelSet*> sets;
#ifdef SANAS_X86_KERNELS
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
    sets.push_back(&avx512::kernel_set());
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    sets.push_back(&avx2::kernel_set());
  }
#endif
  sets.push_back(&plain::kernel_set());
  return sets;
}

const KernelSet& kernel_set() { return *set_in_use(); }

template <>
const FanKernels<float>& fan_kernels() {
  return kernel_set().of_float;
}
template <>
const FanKernels<double>& fan_kernels() {
  return kernel_set().of_double;
}
template <>
const FanKernels<Dual<float>>& fan_kernels() {
  return kernel_set().of_dual_float;
}
template <>
const FanKernels<Dual<double>>& fan_kernels() {
  return kernel_set().of_dual_double;
}

ScopedKernelSet::ScopedKernelSet(const KernelSet& set) : before_(&kernel_set()) {
  set_in_use() = &set;
}

ScopedKernelSet::~ScopedKernelSet() { set_in_use() = before_; }

}  // namespace sanas::kernels
