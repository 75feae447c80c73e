// SPDX-License-Identifier: Apache-2.0
#include "data/search_subset.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <unordered_map>

#include "core/hash.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFirstLine = "sanas search subset 1";
constexpr size_t kLargestList = size_t{1} << 30U;  // a name for each image of the largest data sets

// Over names, order and labels.
std::string checksum(const Dataset& dataset) {
  uint64_t hash = kFnvBasis;
  for (int64_t index = 0; index < dataset.size(); ++index) {
    hash = fnv1a(dataset.sample_name(index) + '\t' + std::to_string(dataset.label(index)) + '\n',
                 hash);
  }
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}

std::string header_line(const Dataset& dataset) {
  return "dataset " + dataset.info().name + " size " + std::to_string(dataset.size()) +
         " checksum " + checksum(dataset);
}

int64_t share(double portion, size_t size) {
  return std::max<int64_t>(1, std::llround(portion * static_cast<double>(size)));
}

void write_names(std::ostream& stream, const char* title, const Dataset& dataset,
                 const std::vector<int64_t>& indices) {
  stream << title << ' ' << indices.size() << '\n';
  for (const int64_t index : indices) {
    const std::string name = dataset.sample_name(index);
    if (name.find('\n') != std::string::npos) {
      throw DataError(dataset.info().place + ": the name of image " + std::to_string(index) +
                      " has a line end, which a search list can't hold; rename it");
    }
    stream << name << '\n';
  }
}

[[noreturn]] void throw_malformed(const fs::path& file, int line, const std::string& expected) {
  throw FileError(file.string() + ":" + std::to_string(line) + ": expected " + expected);
}

// Reads the text line by line and knows where it is.
struct Lines {
  const fs::path& file;
  std::istringstream stream;
  int number = 0;

  std::string next(const std::string& expected) {
    std::string line;
    ++number;
    if (!std::getline(stream, line)) {
      throw_malformed(file, number, expected + ", not the end of the file");
    }
    return line;
  }
};

std::vector<int64_t> read_names(Lines& lines, const std::string& title,
                                const std::unordered_map<std::string, int64_t>& index_of) {
  std::istringstream heading(lines.next("'" + title + " COUNT'"));
  std::string word;
  int64_t count = 0;
  if (!(heading >> word >> count) || word != title || count < 1 ||
      count > static_cast<int64_t>(index_of.size())) {
    throw_malformed(lines.file, lines.number, "'" + title + " COUNT'");
  }
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) {
    const auto found = index_of.find(lines.next("a sample name"));
    if (found == index_of.end()) {
      throw_malformed(lines.file, lines.number, "the name of a sample of the data set");
    }
    indices.push_back(found->second);
  }
  return indices;
}

}  // namespace

SearchSubset draw_search_subset(const Dataset& dataset, const SearchSubsetOptions& options) {
  if (!(options.train_portion > 0 && options.validation_portion > 0 &&
        options.train_portion + options.validation_portion <= 1)) {
    throw ConfigError("the portions of a search subset must be positive with a sum of at most 1");
  }
  std::vector<std::vector<int64_t>> by_class(dataset.info().classes.size());
  for (int64_t index = 0; index < dataset.size(); ++index) {
    by_class[static_cast<size_t>(dataset.label(index))].push_back(index);
  }
  SearchSubset subset;
  for (size_t label = 0; label < by_class.size(); ++label) {
    std::vector<int64_t>& indices = by_class[label];
    const int64_t train = share(options.train_portion, indices.size());
    const int64_t both = train + share(options.validation_portion, indices.size());
    if (both > static_cast<int64_t>(indices.size())) {
      throw DataError("class " + dataset.info().classes[label] + " has " +
                      std::to_string(indices.size()) + " images, too few for a search subset");
    }
    shuffle_front(indices, static_cast<size_t>(both), CounterRandom(options.seed, 0, label));
    subset.train.insert(subset.train.end(), indices.begin(), indices.begin() + train);
    subset.validation.insert(subset.validation.end(), indices.begin() + train,
                             indices.begin() + both);
  }
  std::sort(subset.train.begin(), subset.train.end());
  std::sort(subset.validation.begin(), subset.validation.end());
  return subset;
}

std::string search_subset_text(const Dataset& dataset, const SearchSubset& subset) {
  std::ostringstream text;
  text << kFirstLine << '\n' << header_line(dataset) << '\n';
  write_names(text, "train", dataset, subset.train);
  write_names(text, "validation", dataset, subset.validation);
  return text.str();
}

SearchSubset read_search_subset(const fs::path& file, const Dataset& dataset) {
  Lines lines{file, std::istringstream(read_text_file(file, kLargestList))};
  const std::string first = std::string("'") + kFirstLine + "'";
  if (lines.next(first) != kFirstLine) {
    throw_malformed(file, lines.number, first);
  }
  const std::string header = lines.next("'dataset NAME size N checksum C'");
  if (header != header_line(dataset)) {
    throw DataError(file.string() + ": was written for other data ('" + header +
                    "'; this data set is '" + header_line(dataset) + "')");
  }
  std::unordered_map<std::string, int64_t> index_of;
  for (int64_t index = 0; index < dataset.size(); ++index) {
    index_of.emplace(dataset.sample_name(index), index);
  }
  SearchSubset subset;
  subset.train = read_names(lines, "train", index_of);
  subset.validation = read_names(lines, "validation", index_of);
  return subset;
}

}  // namespace sanas
