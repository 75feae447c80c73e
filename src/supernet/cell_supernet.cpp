// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/cell_supernet.h"

#include "sanas/core/error.h"
#include "sanas/nn/stem.h"

namespace sanas {
namespace {

/// Width of the stem in units of the cells' width.
constexpr int64_t kStemMultiplier = 3;

void check(const SupernetOptions& options) {
  const auto require = [](bool fine, const char* key, int64_t value, const char* expected) {
    if (!fine) {
      throw ConfigError(std::string("supernet.") + key + " = " + std::to_string(value) +
                        ": expected " + expected);
    }
  };
  require(options.channels >= 1, "channels", options.channels, "at least 1");
  require(options.cells >= 1, "cells", options.cells, "at least 1");
  require(options.classes >= 1, "classes", options.classes, "at least 1");
  require(options.kind == NetworkKind::kCifar || options.channels % 2 == 0, "channels",
          options.channels, "an even number for ImageNet-sized images");
}

}  // namespace

CellSupernet::CellSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                           const SupernetOptions& options, const SupernetStyle& style)
    : Supernet(space, std::move(architecture)) {
  check(options);
  CellPlace place = add_stem(options);
  add_cells(place, options.cells, style.cell);
  if (style.final_activation) {
    final_activation_ = register_module(
        "lastact",
        torch::nn::Sequential(make_batch_norm(place.previous_channels, {}), torch::nn::ReLU()));
  }
  classifier_ =
      register_module("classifier", torch::nn::Linear(place.previous_channels, options.classes));
  initialize(*this, options.initialization);
}

OperationOptions CellSupernet::operation_options(const SupernetOptions& options) {
  OperationOptions result;
  result.affine = false;
  result.pool_batch_norm = true;
  result.odd_size = options.odd_size;
  result.zero = options.zero;
  return result;
}

CellPlace CellSupernet::add_stem(const SupernetOptions& options) {
  CellPlace place;
  place.channels = options.channels;
  place.before_previous_channels = place.previous_channels = kStemMultiplier * options.channels;
  if (options.kind == NetworkKind::kCifar) {
    stem_ = register_module("stem", make_cifar_stem(place.previous_channels));
  } else {
    stem0_ = register_module("stem0", make_imagenet_stem0(place.previous_channels));
    stem1_ = register_module("stem1", make_imagenet_stem1(place.previous_channels));
    place.previous_reduction = true;
  }
  return place;
}

void CellSupernet::add_cells(CellPlace& place, int64_t count, const CellStyle& style) {
  torch::nn::ModuleList list;
  for (int64_t i = 0; i < count; ++i) {
    place.reduction = is_reduction_cell(i, count);
    place.channels *= place.reduction ? 2 : 1;
    cells_.push_back(std::make_shared<SearchCell>(space(), place, style));
    list->push_back(std::static_pointer_cast<torch::nn::Module>(cells_.back()));
    place.before_previous_channels = place.previous_channels;
    place.previous_channels = cells_.back()->output_channels();
    place.previous_reduction = place.reduction;
  }
  register_module("cells", list);
}

std::pair<torch::Tensor, torch::Tensor> CellSupernet::stem(const torch::Tensor& x) {
  if (!stem_.is_empty()) {
    auto s = stem_->forward(x);
    return {s, s};
  }
  auto s0 = stem0_->forward(x);
  auto s1 = stem1_->forward(s0);
  return {std::move(s0), std::move(s1)};
}

torch::Tensor CellSupernet::edge_weights(bool reduction) const {
  return architecture().alphas(reduction).detach().cpu().softmax(-1);
}

std::pair<CellWeights, CellWeights> CellSupernet::cell_weights() {
  return {{split_weights(architecture().alphas(false).softmax(-1)), {}},
          {split_weights(architecture().alphas(true).softmax(-1)), {}}};
}

torch::Tensor CellSupernet::forward(const torch::Tensor& x) { return forward(x, nullptr); }

torch::Tensor CellSupernet::forward(const torch::Tensor& x, torch::Tensor* features) {
  const auto [normal, reduce] = cell_weights();
  auto [s0, s1] = stem(x);
  for (const auto& cell : cells_) {
    s0 = std::exchange(s1, cell->forward(s0, s1, cell->reduction() ? reduce : normal));
  }
  if (features != nullptr) {
    *features = s1;
  }
  if (!final_activation_.is_empty()) {
    s1 = final_activation_->forward(s1);
  }
  return classifier_->forward(torch::adaptive_avg_pool2d(s1, {1, 1}).flatten(1));
}

}  // namespace sanas
