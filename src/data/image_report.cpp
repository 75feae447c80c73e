// SPDX-License-Identifier: Apache-2.0
#include "data/image_report.h"

#include <memory>
#include <set>

#include "core/utf8.h"

namespace sanas {
namespace {

constexpr size_t kLongestLine = 2000;

}  // namespace

void report_images(const Dataset& dataset, const std::string& use, Log& log) {
  const DatasetInfo& info = dataset.info();
  const std::string from = info.place.empty() ? "" : " from " + info.place;
  log.info(plain_line("images: " + info.name + from + ": " + use, kLongestLine));
  for (const std::string& remark : info.remarks) {
    log.warn(plain_line("warning: " + info.place + ": " + remark, kLongestLine));
  }
}

std::function<void(const std::string& what)> name_skipped_images(Log& log) {
  constexpr size_t kMostNames = 10;
  return [&log, named = std::make_shared<std::set<std::string>>()](const std::string& what) {
    if (named->size() > kMostNames || !named->insert(what).second) {
      return;
    }
    log.warn(named->size() > kMostNames
                 ? "warning: further images that can't be decoded are left out, too, unnamed"
                 : plain_line("warning: an image is left out: " + what, kLongestLine));
  };
}

}  // namespace sanas
