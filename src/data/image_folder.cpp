// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <algorithm>
#include <iterator>

#include "data/image_codec.h"
#include "data/image_files.h"
#include "sanas/core/error.h"
#include "sanas/core/paths.h"
#include "sanas/core/text.h"
#include "sanas/data/dataset_facts.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

// What lies in the folder of a data set beside the class folders is none of it.
struct ClassFolders {
  std::vector<std::string> names;  // sorted
  int64_t images_beside = 0;
};

// A link that leads nowhere may be one to a class, so it does not vanish.
ClassFolders find_classes(const fs::path& folder) {
  ClassFolders found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::error_code error;
    if (is_hidden_name(name) || (entry.is_symlink(error) && leads_back(entry.path()))) {
      continue;
    }
    const fs::file_status status = entry.status(error);
    if (fs::is_directory(status) || error) {
      found.names.push_back(name);
    } else if (has_image_extension(name)) {
      ++found.images_beside;
    }
  }
  std::sort(found.names.begin(), found.names.end());
  return found;
}

// The folder of a split: the first of the candidates that is there.
fs::path split_folder(const DatasetOptions& options, const std::vector<std::string>& candidates) {
  std::string tried;
  for (const std::string& name : candidates) {
    if (name_exists(options.root / name)) {
      return options.root / name;
    }
    tried += (tried.empty() ? "" : " or ") + (options.root / name).string();
  }
  throw DataError(options.name + ": no folder " + tried);
}

// A label must mean the same class in both parts.
void check_classes(const fs::path& folder, const std::vector<std::string>& classes,
                   const fs::path& train) {
  const std::vector<std::string> expected = find_classes(train).names;
  std::vector<std::string> different;
  std::set_symmetric_difference(classes.begin(), classes.end(), expected.begin(), expected.end(),
                                std::back_inserter(different));
  if (!different.empty()) {
    constexpr size_t kMostNames = 5;
    const std::string more = different.size() > kMostNames ? ", …" : "";
    different.resize(std::min(different.size(), kMostNames));
    throw DataError(folder.string() + ": the class folders are not those of " + train.string() +
                    "; in one of them only: " + join(different) + more);
  }
}

std::unique_ptr<Dataset> open_split(const DatasetOptions& options, Split split,
                                    const std::vector<std::string>& test_folders,
                                    PhaseObserver& observer) {
  if (!images_are_decodable()) {
    throw ConfigError("data set " + options.name +
                      " needs a build with OpenCV (CMake: -DSANAS_WITH_OPENCV=ON)");
  }
  const fs::path folder = split_folder(
      options, split == Split::kTrain ? std::vector<std::string>{"train"} : test_folders);
  auto dataset = std::make_unique<ImageFolder>(options.name, folder, observer);
  const fs::path train = options.root / "train";
  if (split == Split::kTest && fs::is_directory(train)) {
    check_classes(folder, dataset->info().classes, train);
  }
  return dataset;
}

}  // namespace

ImageFolder::ImageFolder(std::string name, const fs::path& folder, PhaseObserver& observer)
    : folder_(folder) {
  if (!fs::is_directory(folder)) {
    throw DataError(folder.string() + ": no such folder");
  }
  const ClassFolders classes = find_classes(folder);
  info_.name = std::move(name);
  info_.place = folder.string();
  info_.classes = classes.names;
  info_.mean = dataset_facts("imagenet").mean;
  info_.std = dataset_facts("imagenet").std;
  if (info_.classes.size() < 2) {
    throw DataError(folder.string() + ": has " +
                    (info_.classes.empty() ? "no class folders" : "one class folder only") +
                    "; one folder of images per class is expected, at least two");
  }
  LeftOutFiles left_out;
  Phase phase(observer, "reading " + folder.string(), static_cast<int64_t>(info_.classes.size()));
  for (size_t label = 0; label < info_.classes.size(); ++label) {
    const std::string& class_name = info_.classes[label];
    const ImageFiles found = find_image_files(folder / class_name);
    left_out.add(found.left_out);
    if (found.files.empty()) {
      const std::string others = found.left_out.describe();
      throw DataError((folder / class_name).string() + ": no image (" + image_extensions() +
                      ") of this class" + (others.empty() ? "" : "; left out: " + others));
    }
    for (const ImageFile& file : found.files) {
      if (!file.fault.empty()) {
        faults_[size()] = file.fault;
      }
      samples_.push_back({class_name + "/" + file.path, static_cast<int64_t>(label)});
    }
    phase.advance();
  }
  if (const std::string others = left_out.describe(); !others.empty()) {
    info_.remarks.push_back("left out: " + others);
  }
  if (classes.images_beside > 0) {
    info_.remarks.push_back("left out: " + std::to_string(classes.images_beside) +
                            " images that are in no class folder");
  }
}

Image ImageFolder::image(int64_t index, int64_t short_side) const {
  if (const std::string known = fault(index); !known.empty()) {
    throw DataError(known);
  }
  return decode_image(folder_ / samples_[static_cast<size_t>(index)].path, short_side);
}

std::string ImageFolder::fault(int64_t index) const {
  const auto found = faults_.find(index);
  return found == faults_.end()
             ? ""
             : (folder_ / sample_name(index)).string() + ": can't be read: " + found->second;
}

std::unique_ptr<Dataset> open_imagenet(const DatasetOptions& options, Split split,
                                       PhaseObserver& observer) {
  return open_split(options, split, {"val"}, observer);
}

std::unique_ptr<Dataset> open_image_folder(const DatasetOptions& options, Split split,
                                           PhaseObserver& observer) {
  return open_split(options, split, {"test", "val"}, observer);
}

}  // namespace sanas
