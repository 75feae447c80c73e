// SPDX-License-Identifier: Apache-2.0
#include "formats/json_lines_reader.h"

#include <fstream>

#include "formats/json_text.h"

namespace sanas {

std::vector<nlohmann::ordered_json> read_json_lines(const std::filesystem::path& path,
                                                    std::vector<std::string>& problems) {
  constexpr size_t kMostLineProblems = 3;
  std::vector<nlohmann::ordered_json> records;
  std::ifstream file(path);
  const std::string name = path.filename().string();
  size_t bad = 0;
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const bool cut = file.eof();  // no line end behind it
    auto record = parse_json(line);
    if (record.is_object()) {
      records.push_back(std::move(record));
    } else if (cut) {
      problems.push_back(name + " is cut in the middle of line " + std::to_string(number) +
                         "; the lines before it are shown");
    } else if (++bad <= kMostLineProblems) {
      problems.push_back(name + ", line " + std::to_string(number) + ": no JSON object; left out");
    }
  }
  if (bad > kMostLineProblems) {
    problems.push_back(name + ": " + std::to_string(bad - kMostLineProblems) +
                       " more lines are no JSON objects");
  }
  return records;
}

}  // namespace sanas
