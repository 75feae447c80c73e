// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "sanas/core/phase.h"
#include "sanas/data/dataset.h"

namespace sanas {

/// open_dataset, which may take minutes for millions of files.
/// @param observer of the phase "reading FOLDER", a class folder each part. Throws Interrupted.
std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options, Split split,
                                      PhaseObserver& observer);

}  // namespace sanas
