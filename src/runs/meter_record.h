// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "formats/json_lines.h"
#include "sanas/optim/metrics.h"

namespace sanas {

/// NAME_loss, NAME_top1 and, with `top5`, NAME_top5 of a meter; of one without images, nothing:
/// the mean over nothing is no number. An empty name is left out with its underscore.
void append_means(JsonRecord& record, const std::string& name, const ClassificationMeter& meter,
                  bool top5 = false);

/// For people: "0.1234 (95.00 %)", or "–" for a meter without images.
std::string meter_text(const ClassificationMeter& meter);

/// " on 22 images, 8 can't be decoded", where there are such.
std::string skipped_text(int64_t images, int64_t skipped);

}  // namespace sanas
