// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/mixed_operation.h"

#include <optional>

#include "nn/source_fan.h"

namespace sanas {

MixedOperation::MixedOperation(const std::vector<Primitive>& candidates, int64_t channels,
                               int64_t stride, const OperationOptions& options,
                               const std::string& list_name, const OperationMaker& make)
    : candidates_(candidates), stride_(stride), options_(options) {
  torch::nn::ModuleList list;
  for (const Primitive candidate : candidates_) {
    operations_.push_back(make(candidate, channels, stride, options));
    list->push_back(std::static_pointer_cast<torch::nn::Module>(operations_.back()));
  }
  register_module(list_name, list);
}

torch::Tensor MixedOperation::forward(const torch::Tensor& x,
                                      const std::vector<torch::Tensor>& weights) {
  check_count(weights);
  if (stride_ > 1) {
    check_halvable(x, options_.odd_size);
  }
  torch::Tensor sum;
  std::optional<size_t> skipped;
  for (size_t k = 0; k < candidates_.size(); ++k) {
    if (!weights[k].defined()) {
      continue;
    }
    if (is_left_out(k)) {
      skipped = k;
      continue;
    }
    const auto y = operations_[k]->forward(x);
    sum = sum.defined() ? torch::addcmul(sum, y, weights[k]) : y * weights[k];
  }
  if (!sum.defined()) {
    TORCH_CHECK(skipped.has_value(), "an edge without an operation");
    sum = operations_[*skipped]->forward(x) * weights[*skipped];
  }
  return sum;
}

void MixedOperation::add_to(SourceFan& fan, size_t node,
                            const std::vector<torch::Tensor>& weights) {
  check_count(weights);
  if (stride_ > 1) {
    check_halvable(fan.state().data, options_.odd_size);
  }
  TORCH_CHECK(std::any_of(weights.begin(), weights.end(),
                          [](const torch::Tensor& weight) { return weight.defined(); }),
              "an edge without an operation");
  for (size_t k = 0; k < candidates_.size(); ++k) {
    if (weights[k].defined() && !is_left_out(k)) {
      fan.add(node, *operations_[k], weights[k]);
    }
  }
}

void MixedOperation::check_count(const std::vector<torch::Tensor>& weights) const {
  TORCH_CHECK(weights.size() == candidates_.size(), weights.size(), " weights for ",
              candidates_.size(), " operations");
}

bool MixedOperation::is_left_out(size_t candidate) const {
  return candidates_[candidate] == Primitive::kNone && options_.zero == ZeroVariant::kSkipped;
}

}  // namespace sanas
