// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_folder.h"

#include <algorithm>

#include "sanas/core/error.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/data/image_codec.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<std::string> class_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !is_hidden(entry.path())) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Sorted paths of the images below folder/name, relative to the folder.
std::vector<std::string> image_paths(const fs::path& folder, const std::string& name) {
  std::vector<std::string> paths;
  const auto options = fs::directory_options::follow_directory_symlink;
  for (const auto& entry : fs::recursive_directory_iterator(folder / name, options)) {
    if (entry.is_regular_file() && !is_hidden(entry.path()) && has_image_extension(entry.path())) {
      paths.push_back(entry.path().lexically_relative(folder).generic_string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The folder of a split: the first of the candidates that exists.
fs::path split_folder(const DatasetOptions& options, const std::vector<std::string>& candidates) {
  std::string tried;
  for (const std::string& name : candidates) {
    if (fs::is_directory(options.root / name)) {
      return options.root / name;
    }
    tried += (tried.empty() ? "" : " or ") + (options.root / name).string();
  }
  throw DataError(options.name + ": no folder " + tried);
}

std::unique_ptr<Dataset> open_split(const DatasetOptions& options, Split split,
                                    const std::vector<std::string>& test_folders) {
  if (!images_are_decodable()) {
    throw ConfigError("data set " + options.name +
                      " needs a build with OpenCV (CMake: -DSANAS_WITH_OPENCV=ON)");
  }
  const fs::path folder = split_folder(
      options, split == Split::kTrain ? std::vector<std::string>{"train"} : test_folders);
  auto dataset = std::make_unique<ImageFolder>(options.name, folder);
  // A label must mean the same class in both parts.
  const fs::path train = options.root / "train";
  if (split == Split::kTest && fs::is_directory(train) &&
      class_names(train) != dataset->info().classes) {
    throw DataError(folder.string() + ": the class folders are not those of " + train.string());
  }
  return dataset;
}

}  // namespace

ImageFolder::ImageFolder(std::string name, const fs::path& folder) : folder_(folder) {
  if (!fs::is_directory(folder)) {
    throw DataError(folder.string() + ": no such folder");
  }
  info_.name = std::move(name);
  info_.classes = class_names(folder);
  info_.mean = dataset_facts("imagenet").mean;
  info_.std = dataset_facts("imagenet").std;
  if (info_.classes.size() < 2) {
    throw DataError(folder.string() + ": has " +
                    (info_.classes.empty() ? "no class folders" : "one class folder only") +
                    "; one folder of images per class is expected, at least two");
  }
  for (size_t label = 0; label < info_.classes.size(); ++label) {
    std::vector<std::string> paths = image_paths(folder, info_.classes[label]);
    if (paths.empty()) {
      throw DataError((folder / info_.classes[label]).string() +
                      ": no image (jpg, jpeg, png, webp) of this class");
    }
    for (std::string& path : paths) {
      samples_.push_back({std::move(path), static_cast<int64_t>(label)});
    }
  }
}

Image ImageFolder::image(int64_t index, int64_t short_side) const {
  return decode_image(folder_ / samples_[static_cast<size_t>(index)].path, short_side);
}

std::unique_ptr<Dataset> open_imagenet(const DatasetOptions& options, Split split) {
  return open_split(options, split, {"val"});
}

std::unique_ptr<Dataset> open_image_folder(const DatasetOptions& options, Split split) {
  return open_split(options, split, {"test", "val"});
}

}  // namespace sanas
