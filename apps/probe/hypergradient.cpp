// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/hypergradient.h"

#include <memory>

#include "common/arguments.h"
#include "common/config_options.h"
#include "common/help.h"
#include "common/program.h"
#include "probe/networks.h"
#include "probe/verbs.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/search/architect.h"
#include "sanas/setup/dataset_networks.h"

namespace sanas {
namespace {

struct Options {
  std::string config;
  std::vector<std::string> assignments;
  std::string state;
  std::string output;
  torch::Dtype dtype = torch::kFloat32;
  bool steps = false;
};

/// The two networks of a state, in training mode, and their optimizers with momentum buffers where
/// the state has them.
struct State {
  SearchNetworks networks;
  std::optional<WeightOptimizer> weights1;
  std::optional<WeightOptimizer> weights2;
  Batch train;
  Batch validation;
  torch::Tensor delta;
};

/// Parameters only: a state carries no running statistics, since batch norm uses batch statistics.
void load_parameters(torch::nn::Module& net, const NamedTensors& tensors, const std::string& source,
                     const std::string& prefix) {
  NamedTensors complete = state_dict(net, prefix);
  for (const auto& entry : tensors.tensors) {
    if (!entry.key().starts_with(prefix)) {
      continue;
    }
    auto* known = complete.tensors.find(entry.key());
    if (known != nullptr) {
      *known = entry.value();
    } else {
      complete.tensors.insert(entry.key(), entry.value());  // refused as unexpected below
    }
  }
  for (const auto& parameter : net.named_parameters()) {
    find_tensor(tensors, prefix + parameter.key(), source);
  }
  load_state_dict(net, complete, source, prefix);
}

std::shared_ptr<Supernet> open_network(const SupernetChoice& choice,
                                       const std::shared_ptr<ArchParameters>& architecture,
                                       const NamedTensors& tensors, const Options& options,
                                       const std::string& prefix) {
  auto net = make_inspected_supernet(choice, architecture, tensors);
  net->to(options.dtype);
  load_parameters(*net, tensors, options.state, prefix);
  net->train();
  return net;
}

Batch open_batch(const NamedTensors& tensors, const Options& options, const std::string& which,
                 int64_t classes) {
  const auto& images = find_images(tensors, "x_" + which, options.state);
  return {images.to(options.dtype),
          find_labels(tensors, "y_" + which, images.size(0), classes, options.state),
          torch::arange(images.size(0))};
}

State open_state(const Config& config, const NamedTensors& tensors, const Options& options) {
  const auto dtype = options.dtype;
  const auto choice = supernet_without_data(config);
  const auto architecture = make_architecture(choice, 0.0);
  architecture->to(torch::kCPU, dtype);
  load_architecture(*architecture, tensors, options.state);
  State state;
  state.networks.net1 = open_network(choice, architecture, tensors, options, "w1.");
  state.networks.net2 = open_network(choice, architecture, tensors, options, "w2.");
  const auto& facts = dataset_facts(config.dataset.source.name);
  if (config.dataset.normalize == NormalizationChoice::kDataset) {
    state.networks.normalization = {facts.mean, facts.std};
  }
  const auto optimizer = [&](Supernet& net, const std::string& prefix) {
    WeightOptimizer weights(net.parameters(), config.search.weights);
    if (tensors.tensors.contains(prefix + net.named_parameters().front().key())) {
      weights.set_momentum_buffers(load_momentum(tensors, options.state, net, prefix));
    }
    return weights;
  };
  state.weights1.emplace(optimizer(*state.networks.net1, "m1."));
  state.weights2.emplace(optimizer(*state.networks.net2, "m2."));
  state.train = open_batch(tensors, options, "train", choice.options.classes);
  state.validation = open_batch(tensors, options, "val", choice.options.classes);
  if (config.search.attack.space == AttackSpace::kNormalized) {  // as SearchLoop does it
    for (Batch* batch : {&state.train, &state.validation}) {
      batch->images = state.networks.normalization(batch->images);
    }
    state.networks.normalization = {};
  }
  state.delta = find_tensor(tensors, "delta", options.state).to(dtype).clone();
  return state;
}

NamedTensors results(const Hypergradient& h, const State& state, bool steps) {
  NamedTensors output;
  const auto named = state.networks.architecture()->named_tensors();
  const auto add = [&](const std::string& prefix, const TensorList& tensors) {
    for (size_t i = 0; i < named.size(); ++i) {
      output.tensors.insert(prefix + named[i].first, tensors[i].detach());
    }
  };
  add("grad.", h.total);
  for (const Term term : kTerms) {
    add("term." + symbol(term) + ".", h.terms[term]);
  }
  const auto scalar = [&](const std::string& name, double value) {
    output.tensors.insert(name, torch::tensor(value, torch::kDouble));
  };
  scalar("loss.val1", h.validation1_loss);
  scalar("loss.val2", h.validation2_loss);
  if (!h.updated_delta.defined()) {
    return output;  // first order: there are no updates
  }
  scalar("loss.train1", h.train1_loss);
  scalar("loss.attack", h.attack_loss);
  scalar("loss.train2", h.train2_loss);
  output.tensors.insert("delta_updated", h.updated_delta.detach());
  if (steps) {
    const auto add_weights = [&](const Supernet& net, const std::string& prefix,
                                 const TensorList& values) {
      size_t i = 0;
      for (const auto& parameter : net.named_parameters()) {
        output.tensors.insert(prefix + parameter.key(), values[i++].detach());
      }
    };
    add_weights(*state.networks.net1, "w1.", h.updated_weights1);
    add_weights(*state.networks.net2, "w2.", h.updated_weights2);
  }
  return output;
}

void hypergradient(const Options& options) {
  const Config config = load_config(options.config, options.assignments, config_folders());
  const State state = open_state(config, read_tensors(options.state), options);
  SanasArchitect architect(state.networks, *state.weights1, *state.weights2,
                           search_options(config));
  const auto h = architect.gradient_from(state.train, state.validation, state.delta, config.seed,
                                         /*split_terms=*/true);
  const auto output = results(h, state, options.steps);
  write_whole([&] { write_tensors(options.output, output); });
}

}  // namespace

void add_hypergradient(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("hypergradient", "every term of the hypergradient of a state");
  const auto options = std::make_shared<Options>();
  add_path(*command, "--config", options->config, "NAME|FILE", "configuration of the search")
      ->required();
  add_settings(*command, options->assignments);
  add_path(*command, "--state", options->state, "FILE",
           "file with w1.*, w2.*, alphas_*, x_train, y_train, x_val, y_val, delta")
      ->required();
  add_path(*command, "--out,--output", options->output, "FILE", "file for grad.*, term.*, loss.*")
      ->required();
  add_dtype(*command, options->dtype);
  command->add_flag("--steps", options->steps, "also write the updated w1.* and w2.*");
  add_examples(*command,
               {"--config cifar100_darts2nd --state state.safetensors --out terms.safetensors",
                "--config cifar100_darts2nd --state state.safetensors --steps --dtype float64 "
                "--out terms64.safetensors"});
  command->callback([options, &verb] { verb = [options] { hypergradient(*options); }; });
}

}  // namespace sanas
