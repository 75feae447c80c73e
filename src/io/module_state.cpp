// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/module_state.h"

#include <set>
#include <sstream>
#include <vector>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/checkpoint_info.h"

namespace sanas {
namespace {

constexpr size_t kListed = 10;

torch::OrderedDict<std::string, torch::Tensor> named_state(const torch::nn::Module& module) {
  auto state = module.named_parameters();
  for (const auto& buffer : module.named_buffers()) {
    state.insert(buffer.key(), buffer.value());
  }
  return state;
}

[[noreturn]] void fail(const std::string& source, std::vector<std::string> faults) {
  const size_t count = faults.size();
  if (count > kListed) {
    faults.resize(kListed);
    faults.push_back("and " + std::to_string(count - kListed) + " more");
  }
  throw FileError(source + ": the tensors don't fit this network: " + join(faults, "; "));
}

}  // namespace

NamedTensors state_dict(const torch::nn::Module& module, const std::string& prefix) {
  NamedTensors result;
  for (const auto& entry : named_state(module)) {
    result.tensors.insert(prefix + entry.key(), entry.value().detach());
  }
  return result;
}

void load_state_dict(torch::nn::Module& module, const NamedTensors& tensors,
                     const std::string& source, const std::string& prefix) {
  std::vector<std::string> faults;
  std::set<std::string> known;
  const auto state = named_state(module);
  for (const auto& entry : state) {
    const std::string name = prefix + entry.key();
    known.insert(name);
    const auto* given = tensors.tensors.find(name);
    if (given == nullptr) {
      if (!name.ends_with("num_batches_tracked")) {
        faults.push_back("'" + name + "' is missing");
      }
    } else if (given->sizes() != entry.value().sizes()) {
      std::ostringstream fault;
      fault << "'" << name << "' has shape " << given->sizes() << ", expected "
            << entry.value().sizes();
      faults.push_back(fault.str());
    }
  }
  for (const auto& entry : tensors.tensors) {
    if (entry.key().starts_with(prefix) && known.count(entry.key()) == 0) {
      faults.push_back("'" + entry.key() + "' is unexpected");
    }
  }
  if (!faults.empty()) {
    fail(source, std::move(faults));
  }
  const torch::NoGradGuard no_grad;
  for (const auto& entry : state) {
    if (const auto* given = tensors.tensors.find(prefix + entry.key())) {
      torch::Tensor target = entry.value();
      target.copy_(*given);
    }
  }
}

void load_architecture(ArchParameters& architecture, const NamedTensors& tensors,
                       const std::string& source) {
  TensorList values;
  for (const auto& [name, tensor] : architecture.named_tensors()) {
    values.push_back(find_tensor(tensors, name, source));
  }
  architecture.assign(values);
}

}  // namespace sanas
