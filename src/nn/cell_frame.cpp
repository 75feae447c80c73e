// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/cell_frame.h"

namespace sanas {

bool is_reduction_cell(int64_t index, int64_t cells) {
  return index == cells / 3 || index == 2 * cells / 3;
}

CellWalk::CellWalk(const Stem& stem, int64_t channels, int64_t cells) : cells_(cells) {
  place_.before_previous_channels = place_.previous_channels = stem.channels();
  place_.channels = channels;
  place_.previous_reduction = stem.halves();
  enter();
}

void CellWalk::step(int64_t output_channels) {
  place_.before_previous_channels = std::exchange(place_.previous_channels, output_channels);
  place_.previous_reduction = place_.reduction;
  ++index_;
  enter();
}

void CellWalk::enter() {
  place_.reduction = is_reduction_cell(index_, cells_);
  place_.channels *= place_.reduction ? 2 : 1;
}

}  // namespace sanas
