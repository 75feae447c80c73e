// SPDX-License-Identifier: Apache-2.0
#include "runs/computing_line.h"

#include "nn/source_fan.h"

namespace sanas {
namespace {

bool is_fused(const c10::Device& device, KernelChoice kernels) {
  return runs_on_kernels(kernels, torch::empty({0}, device));
}

}  // namespace

std::string computing_line(const c10::Device& device, Precision precision, const std::string& part,
                           KernelChoice kernels) {
  const bool fused = is_fused(device, kernels);
  const std::string line =
      "Computing on " + device.str() + " in float32, cells " +
      (fused ? "on fused kernels (" + kernel_instruction_set() + ")" : "operator by operator");
  const std::string off = device.is_cuda() ? " (TF32 off)" : "";
  switch (precision) {
    case Precision::kFloat32:
      return line + off;
    case Precision::kTf32:
      return device.is_cuda() ? line + ", " + part + " with TF32"
                              : line + "; TF32 is a matter of GPUs";
    case Precision::kBfloat16:
      return line + off + ", " + part + " in bfloat16 mixed precision" +
             (fused ? " operator by operator" : "");
  }
  return line;
}

void report_composed(const torch::nn::Module& network, const c10::Device& device,
                     KernelChoice kernels, Log& log) {
  const std::string composed = composed_operations(network);
  if (!composed.empty() && is_fused(device, kernels)) {
    log.info("Without a kernel, operator by operator: " + composed);
  }
}

}  // namespace sanas
