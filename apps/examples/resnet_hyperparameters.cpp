// SPDX-License-Identifier: Apache-2.0
// The four-level hypergradient of something else than an architecture (supplement §H): a small
// ResNet whose continuous hyper-parameters are learned: a scale of each residual branch, the label
// smoothing, and a weight decay per stage. Everything that the library needs to know is the four
// functions T, G, S and V below. Described in docs/library.md.
#include <cmath>
#include <cstdio>
#include <numeric>

#include "common/program.h"
#include "sanas/core/random.h"
#include "sanas/data/endless_batches.h"
#include "sanas/data/loader.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/metrics.h"
#include "sanas/optim/optimizers.h"
#include "sanas/search/hypergradient.h"

namespace {

using namespace sanas;
using torch::Tensor;

constexpr int64_t kStages = 3;
constexpr int64_t kBlocks = 2;  // per stage

/// What is learned by the hypergradient instead of being tuned.
struct HyperParameters {
  Tensor residual_scale = torch::ones({kStages * kBlocks}).requires_grad_();
  Tensor smoothing_logit = torch::full({}, -3.0).requires_grad_();  // sigmoid of it
  Tensor log_weight_decay = torch::full({kStages}, std::log(3e-4)).requires_grad_();

  TensorList tensors() const { return {residual_scale, smoothing_logit, log_weight_decay}; }
};

class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(int64_t in, int64_t out, int64_t stride)
      : body_(register_module(
            "body", torch::nn::Sequential(conv(in, out, 3, stride), torch::nn::BatchNorm2d(out),
                                          torch::nn::ReLU(), conv(out, out, 3, 1),
                                          torch::nn::BatchNorm2d(out)))) {
    if (stride != 1 || in != out) {
      shortcut_ = register_module("shortcut", conv(in, out, 1, stride));
    }
  }

  Tensor forward(const Tensor& x, const Tensor& scale) {
    const Tensor y = shortcut_.is_empty() ? x : shortcut_->forward(x);
    return torch::relu(y + scale * body_->forward(x));
  }

 private:
  static torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
  }

  torch::nn::Sequential body_;
  torch::nn::Conv2d shortcut_{nullptr};
};
TORCH_MODULE(Block);

class ResNet : public torch::nn::Module {
 public:
  ResNet(int64_t width, int64_t classes) {
    stem_ = register_module(
        "stem", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, width, 3).padding(1).bias(false)));
    int64_t channels = width;
    for (int64_t stage = 0; stage < kStages; ++stage) {
      for (int64_t block = 0; block < kBlocks; ++block) {
        const int64_t out = width << stage;
        blocks_.push_back(register_module("block" + std::to_string(blocks_.size()),
                                          Block(channels, out, stage > 0 && block == 0 ? 2 : 1)));
        channels = out;
      }
    }
    classifier_ = register_module("classifier", torch::nn::Linear(channels, classes));
  }

  Tensor forward(const Tensor& x, const HyperParameters& hyper) {
    Tensor y = stem_->forward(x);
    for (size_t i = 0; i < blocks_.size(); ++i) {
      y = blocks_[i]->forward(y, hyper.residual_scale[static_cast<int64_t>(i)]);
    }
    return classifier_->forward(torch::adaptive_avg_pool2d(y, {1, 1}).flatten(1));
  }

  /// Σ over stages of ½ λ_s ‖W_s‖².
  Tensor decay(const HyperParameters& hyper) const {
    Tensor sum = torch::zeros({});
    for (size_t i = 0; i < blocks_.size(); ++i) {
      const Tensor rate = hyper.log_weight_decay[static_cast<int64_t>(i) / kBlocks].exp();
      for (const auto& weight : blocks_[i]->parameters()) {
        sum = sum + 0.5 * rate * weight.square().sum();
      }
    }
    return sum;
  }

 private:
  torch::nn::Conv2d stem_{nullptr};
  std::vector<Block> blocks_;
  torch::nn::Linear classifier_{nullptr};
};

Tensor smoothed_loss(const Tensor& logits, const Tensor& labels, const HyperParameters& hyper) {
  const Tensor smoothing = hyper.smoothing_logit.sigmoid();
  return (1.0 - smoothing) * cross_entropy(logits, labels) -
         smoothing * logits.log_softmax(1).mean();
}

struct Options {
  std::string dataset = "cifar10";
  std::string data = "data";
  int64_t steps = 200;
  int64_t batch_size = 32;
  int64_t width = 8;
  int threads = 0;
};

struct Networks {
  ResNet net1;
  ResNet net2;
  PixelNormalization normalize;
};

/// T, G, S and V for one training and one validation batch: leaf tensors and functions of them.
FourLevelProblem four_levels(Networks& networks, const HyperParameters& hyper, const Batch& train,
                             const Batch& validation, const Tensor& delta) {
  ResNet& net1 = networks.net1;
  ResNet& net2 = networks.net2;
  const auto logits = [&hyper, &networks](ResNet& net, const Tensor& pixels) {
    return net.forward(networks.normalize(pixels), hyper);
  };
  FourLevelProblem problem;
  problem.architecture = hyper.tensors();
  problem.weights1 = net1.parameters();
  problem.weights2 = net2.parameters();
  problem.delta = delta;
  problem.train1 = [=, &net1, &hyper, &train] {
    return smoothed_loss(logits(net1, train.images), train.labels, hyper) + net1.decay(hyper);
  };
  problem.attack = [=, &net1, &train] {
    const auto classifier = [&](const Tensor& pixels) { return logits(net1, pixels); };
    return attack_objective(classifier, train.images, train.labels, delta, {});
  };
  problem.train2 = [=, &net2, &hyper, &train] {
    return smoothed_loss(logits(net2, delta * train.images), train.labels, hyper) +
           net2.decay(hyper);
  };
  problem.validation1 = [=, &net1, &validation] {
    return cross_entropy(logits(net1, validation.images), validation.labels);
  };
  problem.validation2 = [=, &net2, &validation] {
    return cross_entropy(logits(net2, validation.images), validation.labels);
  };
  return problem;
}

void print(const HyperParameters& hyper) {
  std::printf("residual scales:");
  for (int64_t i = 0; i < kStages * kBlocks; ++i) {
    std::printf(" %.4f", hyper.residual_scale[i].item<double>());
  }
  std::printf("\nlabel smoothing: %.4f\nweight decay:",
              hyper.smoothing_logit.sigmoid().item<double>());
  for (int64_t i = 0; i < kStages; ++i) {
    std::printf(" %.3e", hyper.log_weight_decay[i].exp().item<double>());
  }
  std::printf("\n");
}

int run(const Options& options) {
  seed_everything(1);
  if (options.threads > 0) {
    torch::set_num_threads(options.threads);
  }
  const auto dataset = open_dataset({.name = options.dataset, .root = options.data}, Split::kTrain);
  const auto& info = dataset->info();
  std::vector<int64_t> indices(static_cast<size_t>(dataset->size()));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  const auto middle = indices.begin() + dataset->size() / 2;
  const LoaderOptions loading{.batch_size = options.batch_size, .seed = 1};
  const DataLoader train_half(*dataset, {indices.begin(), middle}, {}, loading);
  const DataLoader validation_half(*dataset, {middle, indices.end()}, {}, loading);
  EndlessBatches train_batches(train_half, ArchitectureBatches::kPersistent);
  EndlessBatches validation_batches(validation_half, ArchitectureBatches::kPersistent);

  HyperParameters hyper;
  Networks networks{ResNet(options.width, info.num_classes()),
                    ResNet(options.width, info.num_classes()),
                    {info.mean, info.std}};
  const WeightOptimizerOptions sgd{.schedule = {.learning_rate = 0.05}, .weight_decay = 0.0};
  WeightOptimizer weights1(networks.net1.parameters(), sgd);
  WeightOptimizer weights2(networks.net2.parameters(), sgd);
  ArchitectureOptimizer optimizer(hyper.tensors(), {.learning_rate = 0.01, .weight_decay = 0.0});

  for (int64_t step = 0; step < options.steps; ++step) {
    const Batch train = train_batches.next();
    const Batch validation = validation_batches.next();
    const Tensor delta = initial_perturbation(train.images, {}).requires_grad_();
    const auto problem = four_levels(networks, hyper, train, validation, delta);
    const auto virtual_step = [](const WeightOptimizer& weights) {
      return VirtualStep{weights.learning_rate(), weights.options().momentum, 0.0,
                         weights.momentum_buffers()};
    };
    const auto hypergradient = four_level_hypergradient(problem, virtual_step(weights1),
                                                        virtual_step(weights2), {}, false);
    optimizer.step(hypergradient.total);
    weights1.step(gradients_of(problem.train1(), weights1.parameters()));
    {
      const torch::NoGradGuard no_grad;
      delta.copy_(hypergradient.updated_delta);
    }
    weights2.step(gradients_of(problem.train2(), weights2.parameters()));
    if ((step + 1) % std::max<int64_t>(1, options.steps / 10) == 0) {
      std::printf("step %lld: validation loss %.4f and %.4f\n", static_cast<long long>(step + 1),
                  hypergradient.validation1_loss, hypergradient.validation2_loss);
    }
  }
  print(hyper);
  return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Learns the continuous hyper-parameters of a small ResNet", "sanas_example_resnet");
  Options options;
  app.add_option("--dataset", options.dataset, "cifar10, cifar100, fashion_mnist");
  app.add_option("--data", options.data, "folder of the data set");
  app.add_option("--steps", options.steps, "mini-batches")->check(CLI::PositiveNumber);
  app.add_option("--batch-size", options.batch_size, "images")->check(CLI::PositiveNumber);
  app.add_option("--width", options.width, "channels of the first stage")
      ->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads, "CPU threads; 0: LibTorch's default");
  return run_program(app, argc, argv, [&] { return run(options); });
}
