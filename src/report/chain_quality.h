// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/chain.h"
#include "report/page_part.h"

namespace sanas {

/// The tests of a chain's trainings, beside those of random genotypes; and whether these were
/// trained in the same way.
PagePart how_good_it_is(const Chain& chain);

}  // namespace sanas
