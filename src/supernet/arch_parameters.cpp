// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/arch_parameters.h"

#include <sstream>

#include "sanas/core/error.h"

namespace sanas {

ArchParameters::ArchParameters(const SearchSpace& space, double init_std, bool edge_weights) {
  validate(space);
  for (auto& alphas : alphas_) {
    alphas = (init_std * torch::randn({space.topology.edges(), space.operations()}))
                 .requires_grad_(true);
  }
  if (edge_weights) {
    for (auto& betas : betas_) {
      betas = (init_std * torch::randn({space.topology.edges()})).requires_grad_(true);
    }
  }
}

TensorList ArchParameters::tensors() const {
  TensorList result{alphas_[0], alphas_[1]};
  if (has_betas()) {
    result.insert(result.end(), {betas_[0], betas_[1]});
  }
  return result;
}

std::vector<std::pair<std::string, torch::Tensor>> ArchParameters::named_tensors() const {
  std::vector<std::pair<std::string, torch::Tensor>> result{{"alphas_normal", alphas_[0]},
                                                            {"alphas_reduce", alphas_[1]}};
  if (has_betas()) {
    result.emplace_back("betas_normal", betas_[0]);
    result.emplace_back("betas_reduce", betas_[1]);
  }
  return result;
}

void ArchParameters::assign(const TensorList& values) {
  const torch::NoGradGuard no_grad;
  const auto named = named_tensors();
  TORCH_CHECK(values.size() == named.size(), values.size(), " values for ", named.size(),
              " architecture tensors");
  for (size_t i = 0; i < values.size(); ++i) {
    const auto& [name, tensor] = named[i];
    if (values[i].sizes() != tensor.sizes()) {
      std::ostringstream message;
      message << name << " has shape " << values[i].sizes() << ", expected " << tensor.sizes();
      throw FileError(message.str());
    }
    tensor.copy_(values[i]);
  }
}

void ArchParameters::to(const torch::Device& device, torch::Dtype dtype) {
  // In place, so that everyone who holds one of these tensors sees it move.
  for (auto& tensor : tensors()) {
    tensor.set_data(tensor.detach().to(device, dtype));
  }
}

}  // namespace sanas
