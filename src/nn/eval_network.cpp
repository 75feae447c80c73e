// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/eval_network.h"

#include "sanas/core/error.h"
#include "sanas/nn/stem.h"

namespace sanas {
namespace {

/// The head that looks at the second reduction cell's output (darts-family §5.2, §5.3). Children
/// are named `features.K` and `classifier`.
class AuxiliaryHead : public Operation {
 public:
  AuxiliaryHead(int64_t channels, const EvalNetworkOptions& options)
      : stride_(options.kind == NetworkKind::kCifar ? 3 : 2) {
    features_ = torch::nn::Sequential(
        torch::nn::ReLU(), torch::nn::AvgPool2d(torch::nn::AvgPool2dOptions(5).stride(stride_)),
        make_convolution(channels, 128, 1, 1, 0), make_batch_norm(128, {}), torch::nn::ReLU(),
        make_convolution(128, 768, 2, 1, 0));
    if (options.kind == NetworkKind::kCifar ||
        options.auxiliary_variant == AuxiliaryVariant::kPdarts) {
      features_->push_back(make_batch_norm(768, {}));
    }
    features_->push_back(torch::nn::ReLU());
    register_module("features", features_);
    classifier_ = register_module("classifier", torch::nn::Linear(768, options.classes));
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    const auto pooled = [this](int64_t size) { return size < 5 ? 0 : (size - 5) / stride_ + 1; };
    if (pooled(x.size(2)) != 2 || pooled(x.size(3)) != 2) {
      throw DataError(
          "the auxiliary head needs images of 32×32 (CIFAR network) or 224×224 pixels "
          "(ImageNet network); set evaluation.auxiliary_weight: 0 for other sizes");
    }
    return classifier_->forward(features_->forward(x).flatten(1));
  }

 private:
  int64_t stride_;
  torch::nn::Sequential features_{nullptr};
  torch::nn::Linear classifier_{nullptr};
};

}  // namespace

bool is_reduction_cell(int64_t index, int64_t cells) {
  return index == cells / 3 || index == 2 * cells / 3;
}

void check_image_size(NetworkKind kind, int64_t size, int64_t cells, OddSize odd_size) {
  if (odd_size == OddSize::kPad) {
    return;
  }
  int64_t side = size;
  const auto halve = [&] {
    if (side % 2 != 0) {
      throw DataError("images of " + std::to_string(size) + " pixels become feature maps of " +
                      std::to_string(side) +
                      ", which can't be halved: choose image sizes divisible by 4, or "
                      "supernet.odd_size: pad");
    }
    side /= 2;
  };
  if (kind == NetworkKind::kImageNet) {
    side = ((size + 1) / 2 + 1) / 2;  // two convolutions of stride 2, which round up
    halve();                          // what the second stem and the first cell both halve
  }
  for (int64_t i = 0; i < cells; ++i) {
    if (is_reduction_cell(i, cells)) {
      halve();
    }
  }
}

EvalNetwork::EvalNetwork(const Genotype& genotype, const EvalNetworkOptions& options)
    : genotype_(genotype), options_(options) {
  const bool cifar = options.kind == NetworkKind::kCifar;
  CellPlace place;
  place.channels = options.channels;
  if (cifar) {
    stem_ = register_module("stem", make_cifar_stem(3 * options.channels));
    place.before_previous_channels = place.previous_channels = 3 * options.channels;
  } else {
    stem0_ = register_module("stem0", make_imagenet_stem0(options.channels));
    stem1_ = register_module("stem1", make_imagenet_stem1(options.channels));
    place.before_previous_channels = place.previous_channels = options.channels;
    place.previous_reduction = true;
  }
  OperationOptions operation_options;
  operation_options.odd_size = options.odd_size;
  torch::nn::ModuleList list;
  int64_t auxiliary_channels = 0;
  for (int64_t i = 0; i < options.cells; ++i) {
    place.reduction = is_reduction_cell(i, options.cells);
    place.channels *= place.reduction ? 2 : 1;
    const auto& cell_genotype = place.reduction ? genotype.reduce : genotype.normal;
    cells_.push_back(std::make_shared<DiscreteCell>(cell_genotype, place, operation_options));
    list->push_back(std::static_pointer_cast<torch::nn::Module>(cells_.back()));
    place.before_previous_channels = place.previous_channels;
    place.previous_channels = cells_.back()->output_channels();
    place.previous_reduction = place.reduction;
    if (i == 2 * options.cells / 3) {
      auxiliary_channels = place.previous_channels;
    }
  }
  register_module("cells", list);
  if (options.auxiliary) {
    auxiliary_head_ = register_module("auxiliary_head",
                                      std::make_shared<AuxiliaryHead>(auxiliary_channels, options));
  }
  classifier_ =
      register_module("classifier", torch::nn::Linear(place.previous_channels, options.classes));
}

std::pair<torch::Tensor, torch::Tensor> EvalNetwork::stem(const torch::Tensor& x) {
  if (options_.kind == NetworkKind::kCifar) {
    auto s = stem_->forward(x);
    return {s, s};
  }
  auto s0 = stem0_->forward(x);
  auto s1 = stem1_->forward(s0);
  return {std::move(s0), std::move(s1)};
}

EvalOutput EvalNetwork::forward(const torch::Tensor& x) { return forward(x, nullptr); }

EvalOutput EvalNetwork::forward(const torch::Tensor& x, torch::Tensor* features) {
  EvalOutput output;
  auto [s0, s1] = stem(x);
  for (size_t i = 0; i < cells_.size(); ++i) {
    s0 = std::exchange(s1, cells_[i]->forward(s0, s1, drop_path_probability_));
    const bool second_reduction = static_cast<int64_t>(i) == 2 * options_.cells / 3;
    if (second_reduction && auxiliary_head_ && is_training()) {
      output.auxiliary_logits = auxiliary_head_->forward(s1);
    }
  }
  if (features != nullptr) {
    *features = s1;
  }
  output.logits = classifier_->forward(torch::adaptive_avg_pool2d(s1, {1, 1}).flatten(1));
  return output;
}

}  // namespace sanas
