// SPDX-License-Identifier: Apache-2.0
#include "supernet/discretization.h"

#include <algorithm>
#include <sstream>

#include "sanas/core/error.h"

namespace sanas {
namespace {

/// Copies what both modules have under the same name.
void copy_common(const torch::nn::Module& from, torch::nn::Module& to) {
  const torch::NoGradGuard no_grad;
  const auto copy = [](const auto& source, const auto& target) {
    for (const auto& entry : target) {
      const auto* value = source.find(entry.key());
      if (value == nullptr) {
        continue;
      }
      if (value->sizes() != entry.value().sizes()) {
        std::ostringstream message;
        message << "the weights of the search network don't fit the discrete one: " << entry.key()
                << " is " << value->sizes() << " there and " << entry.value().sizes()
                << " here; those of PC-DARTS see only a part of the channels, and the ImageNet "
                   "stems are wider";
        throw ConfigError(message.str());
      }
      entry.value().copy_(*value);
    }
  };
  copy(from.named_parameters(), to.named_parameters());
  copy(from.named_buffers(), to.named_buffers());
}

/// The candidate of an edge that a gene has chosen.
const Operation& chosen(const MixedOperation& edge, const Gene& gene) {
  const auto& candidates = edge.candidates();
  const auto found = std::find(candidates.begin(), candidates.end(), gene.operation);
  if (found == candidates.end()) {
    throw ConfigError("the genotype's operation " + to_string(gene.operation) +
                      " is no candidate of its edge in the search network");
  }
  return *edge.operations()[static_cast<size_t>(found - candidates.begin())];
}

}  // namespace

std::shared_ptr<EvalNetwork> discretize(const CellSupernet& supernet, const Genotype& genotype,
                                        const SupernetOptions& options) {
  EvalNetworkOptions network_options;
  network_options.kind = options.kind;
  network_options.channels = options.channels;
  network_options.cells = static_cast<int64_t>(supernet.cells().size());
  network_options.classes = options.classes;
  network_options.odd_size = options.odd_size;
  auto network = std::make_shared<EvalNetwork>(genotype, network_options);
  const torch::Tensor weight = supernet.parameters().front();
  network->to(weight.device(), weight.scalar_type());
  copy_common(supernet, *network);  // stems, preprocessing, classifier
  const CellTopology& topology = supernet.space().topology;
  for (size_t i = 0; i < supernet.cells().size(); ++i) {
    const SearchCell& searched = *supernet.cells()[i];
    const auto& genes = (searched.reduction() ? genotype.reduce : genotype.normal).genes;
    for (size_t k = 0; k < genes.size(); ++k) {
      const int edge = topology.first_edge(static_cast<int>(k / 2)) + genes[k].source;
      copy_common(chosen(*searched.edges().at(static_cast<size_t>(edge)), genes[k]),
                  *network->cells()[i]->operations()[k]);
    }
  }
  return network;
}

}  // namespace sanas
