// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/image_source.h"

#include <algorithm>
#include <vector>

#include "format.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/data/dataset.h"
#include "sanas/data/image_codec.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

class FileSource : public ImageSource {
 public:
  explicit FileSource(std::vector<fs::path> files) : files_(std::move(files)) {}
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Image image(int64_t index) const override {
    return decode_image(files_.at(static_cast<size_t>(index)));
  }
  std::string name(int64_t index) const override {
    return format("%05lld_", static_cast<long long>(index)) +
           files_.at(static_cast<size_t>(index)).stem().string();
  }
  fs::path file(int64_t index) const override { return files_.at(static_cast<size_t>(index)); }

 private:
  std::vector<fs::path> files_;
};

class DatasetSource : public ImageSource {
 public:
  explicit DatasetSource(std::unique_ptr<Dataset> dataset) : dataset_(std::move(dataset)) {}
  int64_t size() const override { return dataset_->size(); }
  Image image(int64_t index) const override { return dataset_->image(index); }
  std::string name(int64_t index) const override {
    return format("%05lld", static_cast<long long>(index));
  }
  std::optional<int64_t> label(int64_t index) const override { return dataset_->label(index); }

 private:
  std::unique_ptr<Dataset> dataset_;
};

std::vector<fs::path> images_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && has_image_extension(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    throw DataError(folder.string() + ": no image (.jpg, .jpeg, .png, .webp) in this folder");
  }
  return files;
}

}  // namespace

std::unique_ptr<ImageSource> open_images(const std::string& description, const Config& config) {
  if (fs::is_directory(description)) {
    return std::make_unique<FileSource>(images_below(description));
  }
  if (fs::is_regular_file(description)) {
    return std::make_unique<FileSource>(std::vector<fs::path>{description});
  }
  const auto colon = description.find(':');
  DatasetOptions options = config.dataset.source;
  options.name = description.substr(0, colon);
  options.subset = 0;
  const auto known = dataset_names();
  if (std::find(known.begin(), known.end(), options.name) == known.end()) {
    throw DataError("images '" + description + "': neither a file, a folder, nor a data set (" +
                    join(known) + ", each with :train or :test)");
  }
  const Split split =
      colon == std::string::npos ? Split::kTest : split_from_string(description.substr(colon + 1));
  return std::make_unique<DatasetSource>(open_dataset(options, split));
}

}  // namespace sanas
