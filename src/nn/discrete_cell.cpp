// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/discrete_cell.h"

#include "nn/drop_path.h"
#include "nn/fused_cell.h"
#include "nn/operation_types.h"

namespace sanas {

std::pair<std::shared_ptr<Operation>, std::shared_ptr<Operation>> make_preprocessing(
    const CellPlace& place, const OperationOptions& options) {
  std::shared_ptr<Operation> first;
  if (place.previous_reduction) {
    first =
        std::make_shared<FactorizedReduce>(place.before_previous_channels, place.channels, options);
  } else {
    first = std::make_shared<ReluConvBn>(place.before_previous_channels, place.channels, options);
  }
  return {std::move(first),
          std::make_shared<ReluConvBn>(place.previous_channels, place.channels, options)};
}

DiscreteCell::DiscreteCell(const CellGenotype& genotype, const CellPlace& place,
                           const OperationOptions& options)
    : genotype_(genotype),
      channels_(place.channels),
      reduction_(place.reduction),
      output_channels_(place.channels * static_cast<int64_t>(genotype.concat.size())) {
  std::tie(preprocess0_, preprocess1_) = make_preprocessing(place, options);
  register_module("preprocess0", preprocess0_);
  register_module("preprocess1", preprocess1_);
  torch::nn::ModuleList list;
  for (const auto& gene : genotype_.genes) {
    const int64_t stride = place.reduction && gene.source < 2 ? 2 : 1;
    operations_.push_back(make_operation(gene.operation, place.channels, stride, options));
    list->push_back(std::static_pointer_cast<torch::nn::Module>(operations_.back()));
  }
  register_module("_ops", list);
}

torch::Tensor DiscreteCell::forward(const torch::Tensor& s0, const torch::Tensor& s1,
                                    double drop_path_probability) {
  std::vector<torch::Tensor> states{preprocess0_->forward(s0), preprocess1_->forward(s1)};
  const auto apply = [&](size_t k) {
    auto y = operations_[k]->forward(states[static_cast<size_t>(genotype_.genes[k].source)]);
    return drops(k, drop_path_probability) ? drop_path(y, drop_path_probability) : y;
  };
  for (size_t k = 0; k < operations_.size(); k += 2) {
    auto first = apply(k);
    states.push_back(first + apply(k + 1));
  }
  std::vector<torch::Tensor> outputs;
  for (const int state : genotype_.concat) {
    outputs.push_back(states[static_cast<size_t>(state)]);
  }
  return torch::cat(outputs, 1);
}

bool DiscreteCell::drops(size_t operation, double probability) const {
  return is_training() && probability > 0.0 && !operations_[operation]->is_identity();
}

std::vector<torch::Tensor> DiscreteCell::draw_factors(const torch::Tensor& like,
                                                      double probability) const {
  std::vector<torch::Tensor> factors(operations_.size());
  for (size_t k = 0; k < operations_.size(); ++k) {
    if (drops(k, probability)) {
      factors[k] = drop_path_factors(like, probability);
    }
  }
  return factors;
}

kernels::BlockedTensor DiscreteCell::forward(const kernels::BlockedTensor& s0,
                                             const kernels::BlockedTensor& s1,
                                             double drop_path_probability) {
  const auto factors = draw_factors(s0.data, drop_path_probability);
  FusedCellParts parts;
  parts.add = [&](SourceFan& fan, int source, int first) {
    for (size_t k = 2 * static_cast<size_t>(first); k < operations_.size(); ++k) {
      if (genotype_.genes[k].source == source) {
        fan.add(k / 2 - static_cast<size_t>(first), *operations_[k], {}, factors[k]);
      }
    }
  };
  const auto states = fused_states(
      preprocess(*preprocess0_, s0, channels_), preprocess(*preprocess1_, s1, channels_),
      {channels_, static_cast<int>(operations_.size()) / 2, reduction_}, parts);
  std::vector<kernels::BlockedTensor> outputs;
  for (const int state : genotype_.concat) {
    outputs.push_back(states[static_cast<size_t>(state)]);
  }
  return kernels::concatenate(outputs);
}

}  // namespace sanas
