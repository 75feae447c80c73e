// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "sanas/core/log.h"
#include "sanas/data/dataset.h"

namespace sanas {

/// Says which data set is read, from where, and `use`: how many of its images, and what for. Warns
/// of what is missing or left out there.
void report_images(const Dataset& dataset, const std::string& use, Log& log);

/// For LoaderOptions::on_skip: warns of each image once, by name and reason, up to ten of them; the
/// others are counted where an accuracy is reported. `log` has to outlive what is returned.
std::function<void(const std::string& what)> name_skipped_images(Log& log);

}  // namespace sanas
