// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/factory.h"

#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/supernet/darts_supernet.h"
#include "supernet/pdarts_supernet.h"
#include "supernet/prdarts_supernet.h"

namespace sanas {
namespace {

/// Makes a `Network` from the common options and, where it has some, its own member of the choice.
template <typename Network, auto... kOwnOptions>
std::shared_ptr<Supernet> make(const SupernetChoice& choice, const SearchSpace& space,
                               std::shared_ptr<ArchParameters> architecture) {
  return std::make_shared<Network>(space, std::move(architecture), choice.options,
                                   (choice.*kOwnOptions)...);
}

/// Every family that can be searched: one line each.
std::vector<SupernetFamily>& families() {
  static std::vector<SupernetFamily> all{
      {"darts", "darts", false, make<DartsSupernet>},
      {"pcdarts", "darts", true, make<PcdartsSupernet, &SupernetChoice::pcdarts>},
      {"pdarts", "darts", false, make<PdartsSupernet, &SupernetChoice::pdarts>},
      {"prdarts", "prdarts", false, make<PrdartsSupernet, &SupernetChoice::prdarts>},
  };
  return all;
}

const SupernetFamily* find_family(const std::string& name) {
  for (const auto& family : families()) {
    if (family.name == name) {
      return &family;
    }
  }
  return nullptr;
}

const SupernetFamily& family_of(const SupernetChoice& choice) {
  if (const auto* family = find_family(choice.family)) {
    return *family;
  }
  throw ConfigError("supernet.family '" + choice.family + "' is not available: expected one of " +
                    join(supernet_family_names()));
}

}  // namespace

SearchSpace make_search_space(const SupernetChoice& choice) {
  const SupernetFamily& family = family_of(choice);
  return make_search_space(choice.space == "darts" ? family.default_space : choice.space,
                           choice.nodes);
}

std::shared_ptr<ArchParameters> make_architecture(const SupernetChoice& choice, double init_std) {
  return make_architecture(choice, make_search_space(choice), init_std);
}

std::shared_ptr<ArchParameters> make_architecture(const SupernetChoice& choice,
                                                  const SearchSpace& space, double init_std) {
  return std::make_shared<ArchParameters>(space, init_std, family_of(choice).edge_weights);
}

std::shared_ptr<Supernet> make_supernet(const SupernetChoice& choice,
                                        std::shared_ptr<ArchParameters> architecture) {
  return make_supernet(choice, make_search_space(choice), std::move(architecture));
}

std::shared_ptr<Supernet> make_supernet(const SupernetChoice& choice, const SearchSpace& space,
                                        std::shared_ptr<ArchParameters> architecture) {
  return family_of(choice).make(choice, space, std::move(architecture));
}

std::vector<std::string> supernet_family_names() {
  std::vector<std::string> names;
  for (const auto& family : families()) {
    names.push_back(family.name);
  }
  return names;
}

void add_supernet_family(SupernetFamily family) {
  if (find_family(family.name) != nullptr) {
    throw ConfigError("supernet family '" + family.name + "' exists already");
  }
  families().push_back(std::move(family));
}

}  // namespace sanas
