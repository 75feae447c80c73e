// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/batch_norm.h"

#include <torch/nn/functional/batchnorm.h>

namespace sanas {
namespace {

using torch::Tensor;

/// The buffers of `module` and everything in it that isn't a BatchNorm.
TensorList other_buffers(const torch::nn::Module& module) {
  TensorList result = module.buffers(/*recurse=*/false);
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (child->as<BatchNormImpl>() == nullptr) {
      const TensorList own = child->buffers(/*recurse=*/false);
      result.insert(result.end(), own.begin(), own.end());
    }
  }
  return result;
}

}  // namespace

BatchNormImpl::BatchNormImpl(const torch::nn::BatchNorm2dOptions& options)
    : torch::nn::BatchNorm2dImpl(options) {
  TORCH_CHECK(options.momentum().has_value(), "a batch norm here averages with a momentum");
}

Tensor BatchNormImpl::forward(const Tensor& x) {
  _check_input_dim(x);
  const bool of_batch = uses_batch();
  const bool uses_running = count_batch() || !of_batch;
  return torch::nn::functional::detail::batch_norm(
      x, uses_running ? running_mean : Tensor(), uses_running ? running_var : Tensor(), weight,
      bias, of_batch, *options.momentum(), options.eps());
}

bool BatchNormImpl::count_batch() {
  const bool tracks = uses_batch() && options.track_running_stats() && !frozen_;
  if (tracks) {
    ++*num_batches_tracked.data_ptr<int64_t>();
  }
  return tracks;
}

void BatchNormImpl::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  BatchNorm2dImpl::to(device, dtype, non_blocking);
  keep_count_on_cpu();
}

void BatchNormImpl::to(torch::Dtype dtype, bool non_blocking) {
  BatchNorm2dImpl::to(dtype, non_blocking);
  keep_count_on_cpu();
}

void BatchNormImpl::to(torch::Device device, bool non_blocking) {
  BatchNorm2dImpl::to(device, non_blocking);
  keep_count_on_cpu();
}

void BatchNormImpl::keep_count_on_cpu() {
  if (num_batches_tracked.defined()) {
    num_batches_tracked.set_data(num_batches_tracked.to(torch::kCPU, torch::kInt64));
  }
}

FrozenStatistics::FrozenStatistics(torch::nn::Module& module) : others_(other_buffers(module)) {
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto batch_norm = std::dynamic_pointer_cast<BatchNormImpl>(child)) {
      batch_norms_.emplace_back(batch_norm, batch_norm->frozen());
      batch_norm->set_frozen(true);
    }
  }
}

FrozenStatistics::~FrozenStatistics() {
  for (const auto& [batch_norm, frozen] : batch_norms_) {
    batch_norm->set_frozen(frozen);
  }
}

}  // namespace sanas
