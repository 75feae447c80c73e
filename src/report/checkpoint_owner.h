// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "report/run_contents.h"

namespace sanas {

/// The run whose checkpoint a saliency.json names, which may have been written before folders were
/// moved or copied:
/// - the run in whose folder the named file lies;
/// - of a file elsewhere, the run whose last checkpoint tells of the same genotype and
///   configuration;
/// - of a file that is gone, the run whose folder ends in the same names. A name that several runs
///   share says nothing.
/// Null where there is none.
const RunContents* owner_of(const std::filesystem::path& checkpoint, const RunList& runs);

}  // namespace sanas
