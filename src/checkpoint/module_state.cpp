// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/module_state.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

torch::OrderedDict<std::string, torch::Tensor> named_state(const torch::nn::Module& module) {
  auto state = module.named_parameters();
  for (const auto& buffer : module.named_buffers()) {
    state.insert(buffer.key(), buffer.value());
  }
  return state;
}

bool is_finite(const torch::Tensor& tensor) {
  return !tensor.is_floating_point() || torch::isfinite(tensor).all().item<bool>();
}

[[noreturn]] void fail_as_not_finite(const std::string& source, const std::string& name) {
  throw FileError(source + ": " + in_quotes(name) + " has numbers that are not finite");
}

bool may_be_missing(const std::string& name) { return name.ends_with("num_batches_tracked"); }

/// What does not fit, sorted by kind, so that a message shows some of each.
struct Faults {
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<std::string> others;  ///< of another shape or kind of numbers

  bool empty() const { return missing.empty() && unexpected.empty() && others.empty(); }
};

/// "'a' is missing; 'b' is missing; and 7 more are missing".
void append_listed(std::vector<std::string>& lines, const std::vector<std::string>& faults,
                   const std::string& kind) {
  constexpr size_t kListed = 4;
  for (size_t i = 0; i < std::min(faults.size(), kListed); ++i) {
    lines.push_back(faults[i] + kind);
  }
  if (faults.size() > kListed) {
    lines.push_back("and " + std::to_string(faults.size() - kListed) + " more" +
                    (kind.empty() ? " have another shape or type" : " are" + kind.substr(3)));
  }
}

/// How many of the expected names stand in the file behind each prefix of up to four words. The
/// names in `tensors` come from a file and may be anything.
std::map<std::string, size_t> prefixes_of(const std::set<std::string>& expected,
                                          const NamedTensors& tensors) {
  constexpr int kMostWords = 4;
  std::map<std::string, size_t> counts;
  for (const auto& entry : tensors.tensors) {
    const std::string& name = entry.key();
    size_t dot = name.find('.');
    for (int word = 0; word < kMostWords && dot != std::string::npos; ++word) {
      if (expected.contains(name.substr(dot + 1))) {
        ++counts[name.substr(0, dot + 1)];
      }
      dot = name.find('.', dot + 1);
    }
  }
  return counts;
}

[[noreturn]] void fail(const std::string& source, const Faults& faults, const std::string& hint) {
  std::vector<std::string> lines;
  append_listed(lines, faults.others, "");
  append_listed(lines, faults.missing, " is missing");
  append_listed(lines, faults.unexpected, " is unexpected");
  throw FileError(source + ": the tensors don't fit this network: " + join(lines, "; ") + hint);
}

/// The names that a module must find.
std::set<std::string> needed_names(const torch::nn::Module& module) {
  std::set<std::string> names;
  for (const auto& entry : named_state(module)) {
    if (!may_be_missing(entry.key())) {
      names.insert(entry.key());
    }
  }
  return names;
}

/// What a wrapper put in front of all names of the file: it holds every name that the module needs
/// behind this one prefix, none without it, and nothing else. Empty without.
std::string wrapper_of(const torch::nn::Module& module, const NamedTensors& tensors) {
  const auto needed = needed_names(module);
  if (needed.empty() || tensors.tensors.contains(*needed.begin())) {
    return "";
  }
  for (const auto& [prefix, count] : prefixes_of(needed, tensors)) {
    const auto& known = prefix;
    const bool of_all =
        std::all_of(tensors.tensors.begin(), tensors.tensors.end(),
                    [&](const auto& entry) { return entry.key().starts_with(known); });
    if (count == needed.size() && of_all) {
      return prefix;
    }
  }
  return "";
}

Faults faults_of(const torch::nn::Module& module, const NamedTensors& tensors,
                 const std::string& prefix) {
  Faults faults;
  std::set<std::string> known;
  for (const auto& entry : named_state(module)) {
    const std::string name = prefix + entry.key();
    known.insert(name);
    const auto* given = tensors.tensors.find(name);
    std::ostringstream fault;
    if (given == nullptr) {
      if (!may_be_missing(name)) {
        faults.missing.push_back(in_quotes(name));
      }
    } else if (given->sizes() != entry.value().sizes()) {
      fault << in_quotes(name) << " has shape " << given->sizes() << ", expected "
            << entry.value().sizes();
    } else if (entry.value().is_floating_point() && !given->is_floating_point()) {
      fault << in_quotes(name) << " holds " << c10::toString(given->scalar_type())
            << ", expected floating-point numbers";
    }
    if (!fault.str().empty()) {
      faults.others.push_back(fault.str());
    }
  }
  for (const auto& entry : tensors.tensors) {
    if (entry.key().starts_with(prefix) && known.count(entry.key()) == 0) {
      faults.unexpected.push_back(in_quotes(entry.key()));
    }
  }
  return faults;
}

/// Of names that would fit without what stands in front of them.
std::string prefix_hint(const torch::nn::Module& module, const NamedTensors& tensors) {
  const auto needed = needed_names(module);
  const auto counts = prefixes_of(needed, tensors);
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end() || 2 * most->second < needed.size()) {
    return "";
  }
  const auto items = tensors.tensors.items();
  const auto other = std::find_if(items.begin(), items.end(), [&](const auto& entry) {
    return !entry.key().starts_with(most->first);
  });
  return "; " + std::to_string(most->second) +
         " of the names that it needs stand in the file with " + in_quotes(most->first) +
         " in front" +
         (other == items.end() ? "" : ", but not all: not " + in_quotes(other->key()));
}

}  // namespace

NamedTensors state_dict(const torch::nn::Module& module, const std::string& prefix) {
  NamedTensors result;
  for (const auto& entry : named_state(module)) {
    result.tensors.insert(prefix + entry.key(), entry.value().detach());
  }
  return result;
}

std::string load_state_dict(torch::nn::Module& module, const NamedTensors& tensors,
                            const std::string& source, const std::string& prefix) {
  const std::string wrapper = prefix.empty() ? wrapper_of(module, tensors) : "";
  const std::string front = prefix + wrapper;
  const auto faults = faults_of(module, tensors, front);
  if (!faults.empty()) {
    fail(source, faults, prefix.empty() ? prefix_hint(module, tensors) : "");
  }
  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies;  // nothing is half loaded
  for (const auto& entry : named_state(module)) {
    if (const auto* given = tensors.tensors.find(front + entry.key())) {
      copies.emplace_back(entry.value(), given->to(entry.value().scalar_type()));
      if (!is_finite(copies.back().second)) {
        fail_as_not_finite(source, front + entry.key());
      }
    }
  }
  const torch::NoGradGuard no_grad;
  for (auto& [target, value] : copies) {
    target.copy_(value);
  }
  return wrapper;
}

void check_finite(const NamedTensors& tensors, const std::string& source,
                  const std::string& prefix) {
  for (const auto& entry : tensors.tensors) {
    if (entry.key().starts_with(prefix) && !is_finite(entry.value())) {
      fail_as_not_finite(source, entry.key());
    }
  }
}

void load_architecture(ArchParameters& architecture, const NamedTensors& tensors,
                       const std::string& source) {
  TensorList values;
  for (const auto& [name, tensor] : architecture.named_tensors()) {
    const auto& given = find_tensor(tensors, name, source);
    if (!given.is_floating_point()) {
      throw FileError(source + ": " + in_quotes(name) + " holds " +
                      c10::toString(given.scalar_type()) + ", expected floating-point numbers");
    }
    if (!is_finite(given)) {
      fail_as_not_finite(source, name);
    }
    values.push_back(given);
  }
  try {
    architecture.assign(values);
  } catch (const FileError& error) {
    throw FileError(source + ": " + error.what());
  }
}

}  // namespace sanas
