// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/darts_supernet.h"

namespace sanas {
namespace {

SupernetStyle darts_style(const OperationOptions& operations) {
  SupernetStyle style;
  style.cell.operations = operations;
  style.cell.make_edge = [operations](const std::vector<Primitive>& candidates, int64_t channels,
                                      int64_t stride) {
    return std::make_shared<MixedOperation>(candidates, channels, stride, operations);
  };
  return style;
}

}  // namespace

DartsSupernet::DartsSupernet(const SearchSpace& space, std::shared_ptr<ArchParameters> architecture,
                             const SupernetOptions& options)
    : CellSupernet(space, std::move(architecture), options,
                   darts_style(operation_options(options))) {}

}  // namespace sanas
