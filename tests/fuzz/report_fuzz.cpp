// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "fuzz_support.h"
#include "sanas/core/error.h"
#include "sanas/report/report.h"

namespace {

/// What would be markup if it came through from the input: no page has it of its own.
bool has_foreign_markup(const std::string& page) { return page.find("<fuzz") != std::string::npos; }

}  // namespace

/// The input is the files of a run folder with a zero byte between them. They become a page,
/// however damaged, which holds none of their markup.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sanas;
  constexpr std::array kFiles{"metrics.jsonl", "sessions.jsonl", "predictions.jsonl",
                              "saliency.json", "test_report.json"};
  static const fuzz::MemoryFolder folder;
  const std::string input = fuzz::text_of(data, size);
  size_t begin = 0;
  for (const char* name : kFiles) {
    const size_t end = std::min(input.find('\0', begin), input.size());
    folder.write(name, input.substr(begin, end - begin));
    begin = std::min(end + 1, input.size());
  }
  fuzz::require(!has_foreign_markup(make_report({folder.path()}, folder.path())));
  return 0;
}
