// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/eval_network.h"

#include "sanas/core/error.h"

namespace sanas {
namespace {

/// The head that looks at the second reduction cell's output (darts-family §5.2, §5.3). Children
/// are named `features.K` and `classifier`.
class AuxiliaryHead : public Operation {
 public:
  AuxiliaryHead(int64_t channels, const EvalNetworkOptions& options)
      : stride_(options.kind == NetworkKind::kCifar ? 3 : 2) {
    // One after the other, as each draws its weights when it is made.
    features_->push_back(torch::nn::ReLU());
    features_->push_back(torch::nn::AvgPool2d(torch::nn::AvgPool2dOptions(5).stride(stride_)));
    features_->push_back(make_convolution(channels, 128, 1, 1, 0));
    features_->push_back(make_batch_norm(128, {}));
    features_->push_back(torch::nn::ReLU());
    features_->push_back(make_convolution(128, 768, 2, 1, 0));
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
  torch::nn::Sequential features_;
  torch::nn::Linear classifier_{nullptr};
};

/// N×C×H×W.
const torch::Tensor& as_images(const torch::Tensor& y) { return y; }
torch::Tensor as_images(const kernels::BlockedTensor& y) { return kernels::from_blocked(y); }

/// The cell that the auxiliary head looks at.
int64_t second_reduction(const EvalNetworkOptions& options) { return 2 * options.cells / 3; }

CellFrameOptions frame_options(const EvalNetworkOptions& options) {
  const bool cifar = options.kind == NetworkKind::kCifar;
  return {options.kind, (cifar ? 3 : 1) * options.channels, options.channels, options.cells,
          options.kernels};
}

}  // namespace

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
    : genotype_(genotype),
      options_(options),
      frame_(*this, frame_options(options), [&](const CellPlace& place) {
        OperationOptions operations;
        operations.odd_size = options.odd_size;
        return std::make_shared<DiscreteCell>(place.reduction ? genotype.reduce : genotype.normal,
                                              place, operations);
      }) {
  if (options.auxiliary) {
    const auto& cell = cells().at(static_cast<size_t>(second_reduction(options)));
    auxiliary_head_ = register_module(
        "auxiliary_head", std::make_shared<AuxiliaryHead>(cell->output_channels(), options));
  }
  frame_.add_classifier(*this, options.classes);
}

EvalOutput EvalNetwork::forward(const torch::Tensor& x) { return forward(x, nullptr); }

EvalOutput EvalNetwork::forward(const torch::Tensor& x, torch::Tensor* features) {
  EvalOutput output;
  const auto run = [&](size_t index, const auto& s0, const auto& s1) {
    auto y = cells()[index]->forward(s0, s1, drop_path_probability_);
    if (auxiliary_head_ && is_training() &&
        static_cast<int64_t>(index) == second_reduction(options_)) {
      output.auxiliary_logits = auxiliary_head_->forward(as_images(y));
    }
    return y;
  };
  const auto last = frame_.features(x, run);
  if (features != nullptr) {
    *features = last;
  }
  output.logits = frame_.classify(last);
  return output;
}

}  // namespace sanas
