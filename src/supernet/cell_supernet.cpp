// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/cell_supernet.h"

#include "sanas/core/error.h"

namespace sanas {
namespace {

/// Width of the stem in units of the cells' width.
constexpr int64_t kStemMultiplier = 3;

/// What the frame is built from. Throws ConfigError for sizes that no network can have.
CellFrameOptions frame_options(const SupernetOptions& options) {
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
  return {options.kind, kStemMultiplier * options.channels, options.channels, options.cells,
          options.kernels};
}

}  // namespace

CellSupernet::CellSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                           const SupernetOptions& options, const SupernetStyle& style)
    : Supernet(space, std::move(architecture)),
      frame_(*this, frame_options(options), [&](const CellPlace& place) {
        return std::make_shared<SearchCell>(this->space(), place, style.cell);
      }) {
  if (style.final_activation) {
    final_activation_ = register_module(
        "lastact",
        torch::nn::Sequential(make_batch_norm(frame_.output_channels(), {}), torch::nn::ReLU()));
  }
  frame_.add_classifier(*this, options.classes);
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

torch::Tensor CellSupernet::edge_weights(bool reduction) const {
  return architecture().alphas(reduction).detach().cpu().softmax(-1);
}

ArchitectureSample CellSupernet::sample_architecture() {
  return {{split_weights(architecture().alphas(false).softmax(-1)), {}},
          {split_weights(architecture().alphas(true).softmax(-1)), {}}};
}

torch::Tensor CellSupernet::forward(const torch::Tensor& x, const ArchitectureSample& sample) {
  return head(last_cell(x, sample));
}

torch::Tensor CellSupernet::forward(const torch::Tensor& x, torch::Tensor* features) {
  *features = last_cell(x, sample_architecture());
  return head(*features);
}

torch::Tensor CellSupernet::last_cell(const torch::Tensor& x, const ArchitectureSample& sample) {
  return frame_.features(x, [&](size_t index, const auto& s0, const auto& s1) {
    SearchCell& cell = *cells()[index];
    return cell.forward(s0, s1, cell.reduction() ? sample.reduce : sample.normal);
  });
}

torch::Tensor CellSupernet::head(const torch::Tensor& features) {
  return frame_.classify(final_activation_.is_empty() ? features
                                                      : final_activation_->forward(features));
}

}  // namespace sanas
