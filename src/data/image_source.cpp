// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_source.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "core/format.h"
#include "core/utf8.h"
#include "data/image_codec.h"
#include "data/image_files.h"
#include "data/image_report.h"
#include "data/subset.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/data/dataset.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

std::string number_text(int64_t number) { return format("%05lld", static_cast<long long>(number)); }

/// Files with their numbers in the listing of their folder.
class PictureFiles : public ImageSource {
 public:
  struct File {
    int64_t number = 0;
    fs::path path;
    std::string fault;
  };

  explicit PictureFiles(std::vector<File> files) : files_(std::move(files)) {}
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Image image(int64_t index) const override {
    const File& file = at(index);
    if (!file.fault.empty()) {
      throw DataError(file.path.string() + ": " + file.fault);
    }
    return decode_image(file.path);
  }
  std::string name(int64_t index) const override {
    const File& file = at(index);
    return plain_line(number_text(file.number) + "_" + file.path.stem().string(), kLongestName);
  }
  fs::path file(int64_t index) const override { return at(index).path; }

 private:
  const File& at(int64_t index) const { return files_.at(static_cast<size_t>(index)); }

  std::vector<File> files_;
};

/// Images of a data set, some or all, called by their numbers in it.
class DatasetImages : public ImageSource {
 public:
  DatasetImages(std::unique_ptr<Dataset> dataset, std::vector<int64_t> indices)
      : dataset_(std::move(dataset)), indices_(std::move(indices)) {}
  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  Image image(int64_t index) const override {
    try {
      return dataset_->image(at(index));
    } catch (const DataError& error) {
      const std::string name = dataset_->sample_name(at(index));
      const std::string what = error.what();
      throw DataError(what.find(name) == std::string::npos ? name + ": " + what : what);
    }
  }
  std::string name(int64_t index) const override { return number_text(at(index)); }
  std::optional<int64_t> label(int64_t index) const override { return dataset_->label(at(index)); }

 private:
  int64_t at(int64_t index) const { return indices_.at(static_cast<size_t>(index)); }

  std::unique_ptr<Dataset> dataset_;
  std::vector<int64_t> indices_;
};

/// The first `count` files (0: all) of each subfolder in turn.
std::vector<PictureFiles::File> drawn_over_folders(const std::vector<ImageFile>& files,
                                                   const fs::path& folder, int64_t count) {
  std::map<std::string, int64_t> groups;
  std::vector<int64_t> labels;
  for (const ImageFile& file : files) {
    const std::string group = file.path.substr(0, file.path.rfind('/') + 1);
    labels.push_back(groups.emplace(group, static_cast<int64_t>(groups.size())).first->second);
  }
  std::vector<PictureFiles::File> chosen;
  const auto wanted = count > 0 ? count : static_cast<int64_t>(files.size());
  for (const int64_t number : balanced_positions(labels, wanted)) {
    const ImageFile& file = files[static_cast<size_t>(number)];
    chosen.push_back({number, folder / file.path, file.fault});
  }
  return chosen;
}

std::unique_ptr<ImageSource> open_folder(const fs::path& folder, int64_t count, Log& log) {
  const auto [files, left_out] = find_image_files(folder);
  const std::string others = left_out.describe();
  if (files.empty()) {
    throw DataError(folder.string() + ": no image (" + image_extensions() + ") in this folder" +
                    (others.empty() ? "" : "; it has " + others));
  }
  if (!others.empty()) {
    log.warn("warning: " + folder.string() + ": left out: " + others);
  }
  return std::make_unique<PictureFiles>(drawn_over_folders(files, folder, count));
}

std::unique_ptr<ImageSource> open_data_set(const DatasetOptions& options, Split split,
                                           int64_t count, Log& log) {
  auto dataset = open_dataset(options, split);
  std::vector<int64_t> indices(static_cast<size_t>(dataset->size()));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  if (count > 0) {
    indices = balanced_among(*dataset, indices, count);
  }
  report_images(*dataset, std::to_string(indices.size()) + " " + to_string(split) + " images", log);
  return std::make_unique<DatasetImages>(std::move(dataset), std::move(indices));
}

}  // namespace

std::unique_ptr<ImageSource> open_images(const std::string& description,
                                         const DatasetOptions& given, int64_t count, Log& log) {
  std::error_code error;
  if (fs::is_directory(description, error)) {
    return open_folder(description, count, log);
  }
  if (fs::exists(description, error)) {
    return std::make_unique<PictureFiles>(std::vector<PictureFiles::File>{{0, description, {}}});
  }
  const auto colon = description.find(':');
  DatasetOptions options = given;
  options.name = description.substr(0, colon);
  options.subset = 0;
  const auto known = dataset_names();
  if (std::find(known.begin(), known.end(), options.name) == known.end()) {
    throw DataError("images '" + description + "': neither a file, a folder, nor a data set (" +
                    join(known) + ", each with :train or :test)");
  }
  const Split split =
      colon == std::string::npos ? Split::kTest : split_from_string(description.substr(colon + 1));
  return open_data_set(options, split, count, log);
}

}  // namespace sanas
