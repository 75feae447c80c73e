// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a search network by the name of its family.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sanas/supernet/pcdarts_supernet.h"
#include "sanas/supernet/pdarts_options.h"
#include "sanas/supernet/prdarts_options.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// Which search network: a family by name on a space by name.
struct SupernetChoice {
  std::string family = "darts";
  std::string space = "darts";
  int nodes = 4;
  SupernetOptions options;
  /// Of the family "pcdarts".
  PcdartsOptions pcdarts;
  /// Of the family "pdarts".
  PdartsOptions pdarts;
  /// Of the family "prdarts".
  PrdartsOptions prdarts;
};

/// The space that the choice names; the space "darts" comes in the family's own column order.
/// Throws ConfigError for an unknown family or space.
SearchSpace make_search_space(const SupernetChoice& choice);

/// The architecture variables that the family needs, drawn from init_std · N(0, 1).
std::shared_ptr<ArchParameters> make_architecture(const SupernetChoice& choice, double init_std);

/// The same on a given space, such as that of a later P-DARTS stage.
std::shared_ptr<ArchParameters> make_architecture(const SupernetChoice& choice,
                                                  const SearchSpace& space, double init_std);

/// A search network on `architecture`. Throws ConfigError for an unknown family or for options that
/// do not fit together.
std::shared_ptr<Supernet> make_supernet(const SupernetChoice& choice,
                                        std::shared_ptr<ArchParameters> architecture);

/// The same on a given space.
std::shared_ptr<Supernet> make_supernet(const SupernetChoice& choice, const SearchSpace& space,
                                        std::shared_ptr<ArchParameters> architecture);

std::vector<std::string> supernet_family_names();

/// What the factory has to know of a family.
struct SupernetFamily {
  std::string name;
  /// The space that it makes of "darts".
  std::string default_space = "darts";
  /// Whether edges have weights of their own (betas).
  bool edge_weights = false;
  std::function<std::shared_ptr<Supernet>(const SupernetChoice&, const SearchSpace&,
                                          std::shared_ptr<ArchParameters>)>
      make;
};

/// Adds a family to those that the factory knows by name (docs/extending.md). Not thread-safe.
/// Throws ConfigError for a name that exists.
void add_supernet_family(SupernetFamily family);

}  // namespace sanas
