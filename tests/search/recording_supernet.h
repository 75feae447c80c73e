// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sanas/supernet/factory.h"
#include "supernet/prdarts_supernet.h"

namespace sanas {

/// PR-DARTS that keeps what the last forward pass has drawn; as a family it is called "recorded".
class RecordingSupernet : public PrdartsSupernet {
 public:
  using PrdartsSupernet::PrdartsSupernet;
  ArchitectureSample sample_architecture() override {
    return last = PrdartsSupernet::sample_architecture();
  }
  ArchitectureSample last;
};

inline const bool recorded_family_exists = [] {
  add_supernet_family({"recorded", "prdarts", /*edge_weights=*/false,
                       [](const SupernetChoice& choice, const SearchSpace& space,
                          std::shared_ptr<ArchParameters> architecture) {
                         return std::make_shared<RecordingSupernet>(space, std::move(architecture),
                                                                    choice.options, choice.prdarts);
                       }});
  return true;
}();

/// The regulariser of what the last forward pass of `net`, a network of that family, has drawn.
inline torch::Tensor last_regularization(Supernet& net) {
  return net.regularization(dynamic_cast<RecordingSupernet&>(net).last);
}

}  // namespace sanas
