// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/page_part.h"

namespace sanas {

/// "Architecture search", …
const char* kind_name(RunKind kind);

/// Name and kind of a run among others, as HTML.
std::string run_heading(const RunContents& run);

/// Everything of one run, its configuration last. @param id what the ids of the parts begin with.
std::vector<PagePart> parts_of(const RunContents& run, const std::string& id,
                               const std::filesystem::path& page_folder);

/// These parts under the numbers of the run and what is damaged. @param heading as HTML.
PagePart run_part(const RunContents& run, const std::string& id, const std::string& heading,
                  const std::vector<PagePart>& parts);

}  // namespace sanas
