// SPDX-License-Identifier: Apache-2.0
#include "nn/source_fan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "kernels/fan.h"
#include "nn/operation_types.h"

namespace sanas {

using kernels::BlockedTensor;
using kernels::ConvolutionSpec;
using kernels::Gather;
using kernels::kNone;
using kernels::NormSpec;
using kernels::PoolKind;
using kernels::TermSpec;

namespace {

/// `none` that search networks do not compute.
bool is_left_out(const Operation& operation) {
  const auto* zero = operation.as<Zero>();
  return zero != nullptr && zero->variant() == ZeroVariant::kSkipped;
}

}  // namespace

bool has_kernel(const Operation& operation) {
  return operation.is_identity() || operation.as<SepConv>() != nullptr ||
         operation.as<DilConv>() != nullptr || operation.as<Pool>() != nullptr ||
         operation.as<ReluConvBn>() != nullptr || operation.as<FactorizedReduce>() != nullptr;
}

std::string composed_operations(const torch::nn::Module& network) {
  std::map<std::string, int> counts;
  for (const auto& module : network.modules(/*include_self=*/false)) {
    const auto* operation = module->as<Operation>();
    if (operation != nullptr && !has_kernel(*operation) && !is_left_out(*operation)) {
      const std::string type = operation->name();
      const size_t scope = type.rfind("::");
      ++counts[scope == std::string::npos ? type : type.substr(scope + 2)];
    }
  }
  std::string text;
  for (const auto& [type, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " × " + type;
  }
  return text;
}

SourceFan::SourceFan(BlockedTensor state, int64_t channels, int64_t stride, size_t nodes)
    : state_(std::move(state)) {
  spec_.in = state_.layout;
  spec_.out_channels = channels;
  spec_.stride = stride;
  spec_.targets = static_cast<int>(nodes);
}

int SourceFan::parameter(const torch::Tensor& tensor) {
  if (!tensor.defined()) {
    return kNone;
  }
  parameters_.push_back(tensor);
  return static_cast<int>(parameters_.size()) - 1;
}

NormSpec SourceFan::norm(BatchNorm norm) {
  NormSpec spec;
  spec.eps = norm->options.eps();
  spec.scale = parameter(norm->weight);
  spec.shift = parameter(norm->bias);
  spec.of_batch = norm->uses_batch();
  spec.momentum = *norm->options.momentum();
  if (!spec.of_batch || norm->count_batch()) {
    spec.running_mean = norm->running_mean;
    spec.running_variance = norm->running_var;
  }
  return spec;
}

int SourceFan::add(ConvolutionSpec spec) {
  spec_.convolutions.push_back(std::move(spec));
  return static_cast<int>(spec_.convolutions.size()) - 1;
}

int SourceFan::stage(const SeparableStage& stage, int input) {
  const Window& window = stage.window();
  ConvolutionSpec spec;
  spec.shape = {Gather::kDepthwise, window.kernel, window.stride, window.dilation};
  spec.input = input;
  spec.depthwise = parameter(stage.depthwise()->weight);
  spec.pointwise = parameter(stage.pointwise()->weight);
  spec.norm = norm(stage.norm());
  return add(std::move(spec));
}

int SourceFan::pool(PoolKind kind) {
  const auto found = std::find(spec_.pools.begin(), spec_.pools.end(), kind);
  if (found != spec_.pools.end()) {
    return static_cast<int>(found - spec_.pools.begin());
  }
  spec_.pools.push_back(kind);
  return static_cast<int>(spec_.pools.size()) - 1;
}

TermSpec SourceFan::describe(Operation& operation) {
  TermSpec term;
  if (operation.is_identity()) {
    return term;
  }
  if (auto* sep = operation.as<SepConv>()) {
    term.convolution = stage(sep->second(), stage(sep->first(), kNone));
    return term;
  }
  if (auto* dil = operation.as<DilConv>()) {
    term.convolution = stage(dil->stage(), kNone);
    return term;
  }
  if (auto* pooling = operation.as<Pool>()) {
    term.pool = pool(pooling->kind() == Pool::Kind::kMax ? PoolKind::kMax : PoolKind::kAverage);
    if (!pooling->norm().is_empty()) {
      term.pool_norm = norm(pooling->norm());
    }
    return term;
  }
  ConvolutionSpec spec;
  if (auto* direct = operation.as<ReluConvBn>()) {
    spec.shape.gather = Gather::kDirect;
    spec.pointwise = parameter(direct->convolution()->weight);
    spec.norm = norm(direct->norm());
  } else if (auto* reduce = operation.as<FactorizedReduce>()) {
    check_halvable(state_.data, reduce->odd_size());
    spec.shape.gather = Gather::kTwoGrids;
    spec.pointwise = parameter(reduce->unshifted()->weight);
    spec.shifted_pointwise = parameter(reduce->shifted()->weight);
    spec.norm = norm(reduce->norm());
  }
  term.convolution = add(std::move(spec));
  return term;
}

void SourceFan::add(size_t node, const Convolution& convolution, const BatchNorm& norm) {
  ConvolutionSpec spec;
  spec.shape = {Gather::kPatches, convolution->weight.size(2), spec_.stride};
  spec.pointwise = parameter(convolution->weight);
  spec.norm = this->norm(norm);
  TermSpec term;
  term.target = static_cast<int>(node);
  term.convolution = add(std::move(spec));
  spec_.terms.push_back(std::move(term));
}

void SourceFan::add(size_t node, Operation& operation, const torch::Tensor& weight,
                    const torch::Tensor& factors) {
  if (!has_kernel(operation)) {
    composed_.push_back({node, &operation, weight, factors});
    return;
  }
  TermSpec term = describe(operation);
  term.target = static_cast<int>(node);
  term.weight = parameter(weight.defined() ? weight.to(state_.data.scalar_type()) : weight);
  term.factors = factors;
  spec_.terms.push_back(std::move(term));
}

torch::Tensor SourceFan::compute(const Composed& one, const torch::Tensor& state) const {
  auto y = one.operation->forward(state);
  if (one.factors.defined()) {
    y = y * one.factors.view({-1, 1, 1, 1});
  }
  if (one.weight.defined()) {
    y = y * one.weight;
  }
  return kernels::to_blocked(y, {spec_.out_channels}).data;
}

std::vector<BlockedTensor> SourceFan::sums(const std::vector<BlockedTensor>& starts) {
  std::vector<BlockedTensor> sums = starts;
  const auto add_composed = [&](const Composed& one, const torch::Tensor& state) {
    auto& sum = sums[one.node];
    const auto y = compute(one, state);
    sum = {sum.data.defined() ? sum.data + y : y, {spec_.out_channels}};
  };
  if (!composed_.empty()) {
    const auto state = kernels::from_blocked(state_);
    for (const auto& one : composed_) {
      add_composed(one, state);
    }
  }
  const std::vector<size_t> nodes = number_targets();
  if (nodes.empty()) {
    return sums;
  }
  std::vector<torch::Tensor> begun;
  for (const size_t node : nodes) {
    begun.push_back(sums[node].data);
  }
  const auto targets = kernels::fan(spec_, state_.data, begun, parameters_);
  for (size_t t = 0; t < nodes.size(); ++t) {
    sums[nodes[t]] = {targets[t], {spec_.out_channels}};
  }
  return sums;
}

std::vector<size_t> SourceFan::number_targets() {
  std::vector<size_t> nodes;
  for (auto& term : spec_.terms) {
    const auto node = static_cast<size_t>(term.target);
    auto found = std::find(nodes.begin(), nodes.end(), node);
    if (found == nodes.end()) {
      found = nodes.insert(nodes.end(), node);
    }
    term.target = static_cast<int>(found - nodes.begin());
  }
  spec_.targets = static_cast<int>(nodes.size());
  return nodes;
}

}  // namespace sanas
