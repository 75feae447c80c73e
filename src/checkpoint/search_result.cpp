// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/search_result.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "genotype/switches.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/setup/dataset_networks.h"
#include "supernet/discretization.h"

namespace sanas {
namespace {

/// The operations of a P-DARTS stage, where the file says which are still on ("switches_normal",
/// "switches_reduce").
SearchSpace switched_space(SearchSpace space, const NamedTensors& tensors,
                           const std::string& source) {
  try {
    if (const auto* on = tensors.tensors.find("switches_normal")) {
      space.normal = switched_on(space.normal, *on);
    }
    if (const auto* on = tensors.tensors.find("switches_reduce")) {
      space.reduce = switched_on(space.reduce, *on);
    }
    validate(space);
  } catch (const ConfigError& error) {
    throw FileError(source + ": " + error.what());
  }
  return space;
}

/// How many sets of architecture variables there are: as many as every one of their tensors has.
int64_t count_sets(const std::vector<std::pair<std::string, torch::Tensor>>& named,
                   const NamedTensors& tensors, const std::string& source) {
  const int64_t count = tensors.tensors["alphas_normal"].size(0);
  for (const auto& [name, tensor] : named) {
    const auto* values = tensors.tensors.find(name);
    if (values != nullptr &&
        (values->dim() != tensor.dim() + 1 || values->size(0) != count || count == 0)) {
      throw FileError(source + ": the tensor '" + name + "' has shape " +
                      c10::str(values->sizes()) + ", which is not one set for each of the " +
                      std::to_string(count) + " in 'alphas_normal'");
    }
  }
  return count;
}

/// Of the P-DARTS search that the file is from; the last one where it does not say.
int64_t stage_of(const SupernetChoice& choice, const NamedTensors& tensors,
                 const std::string& source) {
  const auto last = static_cast<int64_t>(choice.pdarts.stages()) - 1;
  if (!tensors.tensors.contains("stage")) {
    return last;
  }
  const int64_t stage = find_integer(tensors, "stage", source);
  if (stage < 0 || stage > last) {
    throw FileError(source + ": the tensor 'stage' is " + std::to_string(stage) +
                    ", but the stages of this configuration are 0 to " + std::to_string(last));
  }
  return stage;
}

/// The genotype of one set of architecture variables, or of set `index` of several.
Genotype derive_one(Supernet& net, ArchParameters& architecture, const TensorsOfFile& from,
                    std::optional<int64_t> index) {
  NamedTensors one;
  for (const auto& [name, tensor] : architecture.named_tensors()) {
    if (const auto* values = from.tensors.tensors.find(name)) {
      one.tensors.insert(name, index ? (*values)[*index] : *values);
    }
  }
  load_architecture(architecture, one, from.source);
  return net.derive();
}

/// The numbers of the normal cells, which say of what type all are and how many sets there are.
const torch::Tensor& first_variables(const TensorsOfFile& architecture) {
  const auto* first = architecture.tensors.tensors.find("alphas_normal");
  if (first == nullptr) {
    throw FileError(architecture.source + ": the tensor 'alphas_normal' is missing");
  }
  if (!first->is_floating_point()) {
    throw FileError(architecture.source +
                    ": the tensor 'alphas_normal' is no floating-point numbers");
  }
  return *first;
}

}  // namespace

NamedTensors search_weights(const NamedTensors& tensors) {
  constexpr std::string_view kFirst = "w1.";
  const auto items = tensors.tensors.items();
  const bool checkpoint = std::any_of(items.begin(), items.end(), [&](const auto& entry) {
    return entry.key().starts_with(kFirst);
  });
  NamedTensors result;
  for (const auto& entry : items) {
    const std::string& name = entry.key();
    if (checkpoint && name.starts_with(kFirst)) {
      result.tensors.insert(name.substr(kFirst.size()), entry.value());
    } else if (!checkpoint && !name.starts_with("alphas_") && !name.starts_with("betas_")) {
      result.tensors.insert(name, entry.value());
    }
  }
  return result;
}

std::vector<Genotype> derive_genotypes(const Config& config, const TensorsOfFile& architecture) {
  SupernetChoice choice = supernet_without_data(config);
  choice.options.channels =
      4 * choice.pcdarts.parts(choice.options.kind);  // the rule needs no weights
  choice.options.cells = std::min<int64_t>(choice.options.cells, 3);
  choice.pdarts.stage = choice.pdarts.stages() - 1;  // the only one that derives
  const auto& [source, tensors] = architecture;
  const auto space = switched_space(make_search_space(choice), tensors, source);
  const auto variables = make_architecture(choice, space, 0.0);
  const auto net = make_supernet(choice, space, variables);
  const auto& first = first_variables(architecture);
  variables->to(torch::kCPU, first.scalar_type());
  if (first.dim() != 3) {
    return {derive_one(*net, *variables, architecture, std::nullopt)};
  }
  std::vector<Genotype> genotypes;
  const int64_t count = count_sets(variables->named_tensors(), tensors, source);
  for (int64_t i = 0; i < count; ++i) {
    genotypes.push_back(derive_one(*net, *variables, architecture, i));
  }
  return genotypes;
}

NamedTensors discrete_weights(const Config& config, const Genotype& genotype,
                              const TensorsOfFile& architecture, const TensorsOfFile& weights,
                              Log& log) {
  SupernetChoice choice = supernet_without_data(config);
  choice.pdarts.stage = stage_of(choice, architecture.tensors, architecture.source);
  const auto space =
      switched_space(make_search_space(choice), architecture.tensors, architecture.source);
  const auto net = std::dynamic_pointer_cast<CellSupernet>(
      make_supernet(choice, space, make_architecture(choice, space, 0.0)));
  TORCH_CHECK(net != nullptr, "family ", choice.family, " is not built of cells");
  const auto state = search_weights(weights.tensors);
  const auto items = state.tensors.items();
  const auto first = std::find_if(items.begin(), items.end(), [](const auto& entry) {
    return entry.value().is_floating_point();
  });
  if (first == items.end()) {
    throw FileError(weights.source + ": holds no weights of a search network");
  }
  net->to(first->value().scalar_type());
  const std::string wrapper = load_state_dict(*net, state, weights.source);
  if (!wrapper.empty()) {
    log.info(weights.source + ": read without '" + wrapper + "' in front of each name");
  }
  return state_dict(*discretize(*net, genotype, choice.options));
}

}  // namespace sanas
