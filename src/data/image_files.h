// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sanas {

/// Whether the name ends as those of images that are read, in any case: .bmp, .jpeg, .jpg, .pgm,
/// .png, .ppm, .tif, .tiff, .webp (torchvision's list).
bool has_image_extension(const std::filesystem::path& file);

/// These endings, for messages.
std::string image_extensions();

/// Whether an entry of that name is left out of every folder of images: what begins with a dot, and
/// the `__MACOSX` beside a folder that was packed on a Mac.
bool is_hidden_name(const std::string& name);

/// Whether the folder is a link to one that it is in.
bool leads_back(const std::filesystem::path& folder);

/// What was seen in a folder and is no image of it.
struct LeftOutFiles {
  std::map<std::string, int64_t> endings;  ///< how many files have that ending, in lower case
  int64_t hidden = 0;                      ///< images and folders whose name is hidden

  void add(const LeftOutFiles& other);
  /// "12 .gif, 1 without an ending, 2 hidden"; empty where there are none.
  std::string describe() const;
};

/// An image by its path.
struct ImageFile {
  std::string path;   ///< below the folder that was searched, with '/'
  std::string fault;  ///< why it can't be an image, where that can be seen from outside; or empty
};

struct ImageFiles {
  std::vector<ImageFile> files;  ///< in the order of their paths, byte by byte
  LeftOutFiles left_out;
};

/// All images in a folder and the folders in it, by one rule for data sets and single folders:
/// hidden names are left out, with all that is in such a folder; links to files and folders are
/// followed, but not back into a folder that they are in (leads_back). An entry that can't be
/// examined (a link to nothing, a folder that may not be read) counts as an image, one with a
/// fault, and so does what has an image's name but is no file; the folder itself then has the path
/// ".". Never throws for what is in the folder.
ImageFiles find_image_files(const std::filesystem::path& folder);

}  // namespace sanas
