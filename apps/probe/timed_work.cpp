// SPDX-License-Identifier: Apache-2.0
#include "probe/timed_work.h"

#include <algorithm>
#include <utility>

#include "sanas/attack/pgd.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/core/error.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/nn/cost.h"
#include "sanas/search/architect.h"
#include "sanas/setup/dataset_networks.h"

namespace sanas {
namespace {

/// What all kinds of work begin with.
struct Opened {
  TimedWorkOptions options;
  std::optional<Config> config;  ///< of a search network
  TensorsOfFile weights;
  TensorsOfFile input;
  std::shared_ptr<torch::nn::Module> network;
  std::function<EvalOutput(const torch::Tensor&)> forward;
  TensorList architecture;
  Batch batch;
  torch::Tensor loss;  ///< of the last run

  EvalOutput outputs(const torch::Tensor& images) const {
    const ScopedPrecision precision(torch::kCPU, options.precision);
    return forward(images);
  }
  torch::Tensor loss_of_part(int64_t first, int64_t count) const {
    return loss_of(outputs(batch.images.narrow(0, first, count)),
                   batch.labels.narrow(0, first, count));
  }
};

Batch open_batch(const Opened& opened, const std::string& suffix, int64_t classes) {
  const auto& [source, tensors] = opened.input;
  const auto& images = find_images(tensors, "x" + suffix, source);
  return {images.to(opened.options.dtype),
          find_labels(tensors, "y" + suffix, images.size(0), classes, source),
          torch::arange(images.size(0))};
}

SupernetChoice choice_of(const Opened& opened) { return supernet_without_data(*opened.config); }

void open_search_network(Opened& opened) {
  const NetworkOptions& network = opened.options.network;
  opened.config = load_config(network.config, network.assignments, config_folders());
  opened.config->kernels = opened.options.kernels.value_or(opened.config->kernels);
  const SupernetChoice choice = choice_of(opened);
  const auto architecture = open_architecture(choice, opened.weights, opened.options.dtype);
  const auto net = open_supernet(choice, architecture, opened.weights, opened.input.tensors);
  opened.network = net;
  opened.forward = [net](const torch::Tensor& x) { return EvalOutput{net->forward(x), {}}; };
  opened.architecture = architecture->tensors();
  opened.batch = open_batch(opened, "", choice.options.classes);
}

void open_discrete_network(Opened& opened) {
  const auto net =
      open_genotype(opened.options.network, opened.options.kernels.value_or(KernelChoice::kAuto),
                    opened.weights, opened.options.dtype);
  opened.network = net;
  opened.forward = [net](const torch::Tensor& x) { return net->forward(x); };
  opened.batch = open_batch(opened, "", net->options().classes);
}

std::function<void()> forward_backward(const std::shared_ptr<Opened>& opened) {
  TensorList inputs = opened->network->parameters();
  inputs.insert(inputs.end(), opened->architecture.begin(), opened->architecture.end());
  return [opened, inputs] {
    const auto loss = opened->loss_of_part(0, opened->batch.size());
    gradients_of(loss, inputs);
    opened->loss = loss.detach();
  };
}

std::function<void()> inference(const std::shared_ptr<Opened>& opened) {
  opened->network->eval();
  return [opened] {
    const torch::NoGradGuard no_grad;
    opened->loss = opened->loss_of_part(0, opened->batch.size());
  };
}

std::function<void()> training_step(const std::shared_ptr<Opened>& opened) {
  const auto weights = std::make_shared<WeightOptimizer>(
      opened->network->parameters(),
      opened->config ? opened->config->search.weights : WeightOptimizerOptions{});
  return [opened, weights] {
    const int64_t size = opened->batch.size();
    const int64_t parts = std::min(opened->options.parts, size);
    TensorList gradients;
    opened->loss = torch::zeros({}, opened->options.dtype);
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t first = part * size / parts;
      const int64_t count = (part + 1) * size / parts - first;
      const double share = static_cast<double>(count) / static_cast<double>(size);
      const auto loss = opened->loss_of_part(first, count);
      const auto of_part = gradients_of(loss, weights->parameters());
      if (gradients.empty()) {
        gradients = scale(of_part, share);
      } else {
        add_in_place(gradients, of_part, share);
      }
      opened->loss += share * loss.detach();
    }
    weights->step(gradients);
  };
}

/// The start of an attack: the file's "delta", or one that is drawn.
torch::Tensor attack_start(const Opened& opened, const AttackOptions& attack) {
  const auto& [source, tensors] = opened.input;
  return tensors.tensors.contains("delta")
             ? find_tensor(tensors, "delta", source).to(opened.options.dtype)
             : initial_perturbation(opened.batch.images, attack);
}

TimedWork attack_work(const std::shared_ptr<Opened>& opened) {
  const AttackOptions options =
      opened->config ? search_options(*opened->config).attack : AttackOptions{};
  const Classifier classifier = [opened](const torch::Tensor& x) {
    return opened->outputs(x).logits;
  };
  const auto start = attack_start(*opened, options);
  const auto delta = std::make_shared<torch::Tensor>();
  const auto run = [opened, options, classifier, start, delta] {
    const FrozenStatistics statistics(*opened->network);
    const ScopedConstants weights(opened->network->parameters());
    const ScopedConstants architecture(opened->architecture);
    *delta = attack(classifier, opened->batch.images, opened->batch.labels, start, options);
  };
  const auto loss = [opened, options, classifier, delta] {
    const torch::NoGradGuard no_grad;
    const FrozenStatistics statistics(*opened->network);
    const auto& [images, labels, indices, skipped] = opened->batch;
    return attack_objective(classifier, images, labels, *delta, options).item<double>() /
           static_cast<double>(opened->batch.size());
  };
  return {run, loss, {}, {}};
}

/// Everything that an architect looks at.
struct SearchState {
  SearchNetworks networks;
  std::optional<WeightOptimizer> weights1;
  std::optional<WeightOptimizer> weights2;
  Batch validation;
  torch::Tensor delta;
  std::unique_ptr<Architect> architect;
};

/// W1 and W2 begin with the same weights.
std::shared_ptr<SearchState> open_state(const Opened& opened) {
  const SearchOptions options = search_options(*opened.config);
  const SupernetChoice choice = choice_of(opened);
  auto state = std::make_shared<SearchState>();
  state->networks.net1 = std::dynamic_pointer_cast<Supernet>(opened.network);
  state->weights1.emplace(opened.network->parameters(), options.weights);
  if (options.method == SearchMethod::kSanas) {
    state->networks.net2 =
        open_supernet(choice, state->networks.architecture(), opened.weights, opened.input.tensors);
    state->weights2.emplace(state->networks.net2->parameters(), options.weights);
  }
  state->validation = open_batch(opened, "_val", choice.options.classes);
  state->delta = attack_start(opened, options.attack);
  state->architect = make_architect(options, state->networks, *state->weights1,
                                    state->weights2 ? &*state->weights2 : nullptr);
  return state;
}

TimedWork architecture_work(const std::shared_ptr<Opened>& opened) {
  if (!opened->config) {
    throw ConfigError("time: an architecture step needs a search network; expected --config");
  }
  const auto state = open_state(*opened);
  const auto found = std::make_shared<Hypergradient>();
  const uint64_t seed = opened->config->seed;
  auto* sanas = dynamic_cast<SanasArchitect*>(state->architect.get());
  const auto run = [opened, state, found, seed, sanas] {
    *found = sanas != nullptr ? sanas->gradient_from(opened->batch, state->validation, state->delta,
                                                     seed, /*split_terms=*/false)
                              : state->architect->gradient(opened->batch, state->validation, seed,
                                                           /*split_terms=*/false);
  };
  const auto loss = [found, sanas] {
    return sanas != nullptr ? found->validation2_loss : found->validation1_loss;
  };
  return {run, loss, {}, {}};
}

TimedWork work_of(const std::shared_ptr<Opened>& opened) {
  const auto last_loss = [opened] { return opened->loss.item<double>(); };
  switch (opened->options.work) {
    case Work::kForwardBackward:
      return {forward_backward(opened), last_loss, {}, {}};
    case Work::kInference:
      return {inference(opened), last_loss, {}, {}};
    case Work::kTrainingStep:
      return {training_step(opened), last_loss, {}, {}};
    case Work::kAttack:
      return attack_work(opened);
    case Work::kArchitectureStep:
      return architecture_work(opened);
  }
  return {};
}

}  // namespace

TimedWork prepare_work(const TimedWorkOptions& options) {
  const auto opened = std::make_shared<Opened>();
  opened->options = options;
  opened->weights = {options.weights, read_tensors(options.weights)};
  opened->input = {options.input, read_tensors(options.input)};
  if (is_genotype(options.network, "time")) {
    open_discrete_network(*opened);
  } else {
    open_search_network(*opened);
  }
  opened->network->train();
  TimedWork work = work_of(opened);
  work.macs = [opened] {
    const ScopedMode evaluation(*opened->network, false);
    return count_macs([&] { opened->forward(opened->batch.images.narrow(0, 0, 1)); });
  };
  const KernelChoice kernels = opened->options.kernels.value_or(
      opened->config ? opened->config->kernels : KernelChoice::kAuto);
  work.kernels =
      runs_on_kernels(kernels, opened->batch.images) ? kernel_instruction_set() : "composed";
  return work;
}

}  // namespace sanas
