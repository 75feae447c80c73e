// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts parameters, multiply-adds and memory of any module.

#include <torch/nn/module.h>

#include <functional>

namespace sanas {

/// What counts as a multiply-add (darts-family §11): convolutions and linear layers only, or also
/// two per batch norm element and one per ReLU element, as the P-DARTS and PC-DARTS papers count.
enum class CountingRule { kPlain, kWithBatchNormAndRelu };

/// Learned scalars of a module. Without `auxiliary`, parameters whose name contains "auxiliary" are
/// left out, as in the sizes that papers report.
int64_t count_parameters(const torch::nn::Module& module, bool auxiliary = false);

/// Multiply-adds of everything that `forward` computes on this thread, observed operator by
/// operator; so the count is right for any module. Call it with a batch of one.
int64_t count_macs(const std::function<void()>& forward, CountingRule rule = CountingRule::kPlain);

/// Elements of all intermediate results that a backward pass through `forward` would keep: an
/// estimate of its memory.
int64_t count_activations(const std::function<void()>& forward);

/// Bytes that `forward` has in use at a time, at most, beyond what was there before it: of tensors
/// that this thread makes without recording gradients.
int64_t peak_bytes(const std::function<void()>& forward);

}  // namespace sanas
