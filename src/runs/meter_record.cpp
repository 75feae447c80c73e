// SPDX-License-Identifier: Apache-2.0
#include "runs/meter_record.h"

#include "core/format.h"

namespace sanas {

void append_means(JsonRecord& record, const std::string& name, const ClassificationMeter& meter,
                  bool top5) {
  if (meter.count() == 0) {
    return;
  }
  const std::string prefix = name.empty() ? "" : name + "_";
  record.emplace_back(prefix + "loss", meter.loss());
  record.emplace_back(prefix + "top1", meter.top1());
  if (top5) {
    record.emplace_back(prefix + "top5", meter.top5());
  }
}

std::string meter_text(const ClassificationMeter& meter) {
  return meter.count() == 0 ? "–" : format("%.4f (%.2f %%)", meter.loss(), 100.0 * meter.top1());
}

std::string skipped_text(int64_t images, int64_t skipped) {
  return skipped == 0 ? ""
                      : format(" on %lld images, %lld can't be decoded",
                               static_cast<long long>(images), static_cast<long long>(skipped));
}

}  // namespace sanas
