// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>
#include <torch/nn.h>

#include <string>

#include "sanas/core/autocast.h"
#include "sanas/core/log.h"
#include "sanas/kernels/kernel_choice.h"

namespace sanas {

/// For the log: what a run computes on, in, and with. @param part of it that has `precision`, e.g.
/// "training"; everything else is in float32.
std::string computing_line(const c10::Device& device, Precision precision, const std::string& part,
                           KernelChoice kernels);

/// Writes a line where cells run on kernels, but not all operations of `network` have one.
void report_composed(const torch::nn::Module& network, const c10::Device& device,
                     KernelChoice kernels, Log& log);

}  // namespace sanas
