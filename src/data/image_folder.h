// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/data/dataset.h"

namespace sanas {

/// A tree with one folder of images per class. Classes are the sorted folder names, images what
/// find_image_files finds in them. They are decoded when they are asked for.
class ImageFolder : public Dataset {
 public:
  /// `folder` holds the class folders. Throws DataError where it is missing, for fewer than two
  /// classes and for a class without images. A class folder that can't be read is a class with one
  /// image, which has a fault.
  /// @param observer of the phase "reading FOLDER", a class folder each part. Throws Interrupted.
  ImageFolder(std::string name, const std::filesystem::path& folder,
              PhaseObserver& observer = nobody());

  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  Image image(int64_t index, int64_t short_side = 0) const override;
  int64_t label(int64_t index) const override { return samples_[static_cast<size_t>(index)].label; }
  /// The path below the folder, with '/'.
  std::string sample_name(int64_t index) const override {
    return samples_[static_cast<size_t>(index)].path;
  }
  std::string fault(int64_t index) const override;
  const DatasetInfo& info() const override { return info_; }

 private:
  struct Sample {
    std::string path;
    int64_t label;
  };

  std::filesystem::path folder_;
  DatasetInfo info_;
  std::vector<Sample> samples_;
  std::map<int64_t, std::string> faults_;  // by sample
};

/// For the registry: root/train and root/val (the ImageNet layout).
std::unique_ptr<Dataset> open_imagenet(const DatasetOptions& options, Split split,
                                       PhaseObserver& observer);
/// For the registry: root/train and root/test, or root/val where there is no root/test.
std::unique_ptr<Dataset> open_image_folder(const DatasetOptions& options, Split split,
                                           PhaseObserver& observer);

}  // namespace sanas
