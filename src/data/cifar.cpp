// SPDX-License-Identifier: Apache-2.0
#include "data/cifar.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "data/archive.h"
#include "sanas/core/error.h"
#include "sanas/core/paths.h"
#include "sanas/core/text.h"
#include "sanas/data/dataset_facts.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32;
constexpr int64_t kPlane = kSide * kSide;
constexpr int64_t kImageBytes = 3 * kPlane;
constexpr int64_t kMaxFileBytes = int64_t{1} << 28;  // the largest official file has 147 MiB

// What distinguishes the two data sets on disk.
struct Layout {
  std::string name;
  std::vector<std::string> folders;
  std::vector<std::string> archives;  // without .tar.gz, .tar.xz, …
  std::vector<std::string> python;    // what tells the version for Python
  std::vector<std::string> train_files;
  std::string test_file;
  std::string classes_file;
  int64_t label_bytes;  // the last of them is the label
  size_t num_classes;
};

Layout layout_of(Cifar::Kind kind) {
  if (kind == Cifar::Kind::kCifar10) {
    return {"cifar10",
            {"cifar-10-batches-bin", "cifar-10-sample"},
            {"cifar-10-binary", "cifar-10-sample"},
            {"cifar-10-batches-py", "cifar-10-python.tar.gz", "batches.meta"},
            {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
             "data_batch_5.bin"},
            "test_batch.bin",
            "batches.meta.txt",
            1,
            10};
  }
  return {"cifar100",
          {"cifar-100-binary"},
          {"cifar-100-binary"},
          {"cifar-100-python", "cifar-100-python.tar.gz", "meta"},
          {"train.bin"},
          "test.bin",
          "fine_label_names.txt",
          2,
          100};
}

std::vector<std::string> data_files(const Layout& layout, Split split) {
  return split == Split::kTrain ? layout.train_files : std::vector<std::string>{layout.test_file};
}

// Of both parts.
std::vector<std::string> all_files(const Layout& layout) {
  std::vector<std::string> files = layout.train_files;
  files.push_back(layout.test_file);
  return files;
}

// The files of one folder or archive: name (with folder, for messages) and content, by file name.
struct Source {
  fs::path place;
  std::map<std::string, std::vector<uint8_t>> contents;
};

std::vector<uint8_t> read_file(const fs::path& file) {
  if (!fs::is_regular_file(file)) {
    throw DataError(file.string() + ": is no file");
  }
  std::ifstream stream(file, std::ios::binary);
  const int64_t size = stream ? static_cast<int64_t>(fs::file_size(file)) : 0;
  if (size > kMaxFileBytes) {
    throw DataError(file.string() + ": " + std::to_string(size) + " bytes are no CIFAR file");
  }
  std::vector<uint8_t> content(static_cast<size_t>(size));
  stream.read(reinterpret_cast<char*>(content.data()), size);
  if (!stream) {
    throw DataError(file.string() + ": cannot be read");
  }
  return content;
}

Source read_folder(const fs::path& folder, const std::set<std::string>& names) {
  Source source{folder, {}};
  for (const std::string& name : names) {
    if (name_exists(folder / name)) {
      source.contents[name] = read_file(folder / name);
    }
  }
  return source;
}

// The first folder that has one of the data files.
std::optional<fs::path> find_folder(const Layout& layout, const fs::path& root) {
  std::vector<fs::path> folders{root};
  for (const std::string& folder : layout.folders) {
    folders.push_back(root / folder);
  }
  for (const fs::path& folder : folders) {
    for (const std::string& file : all_files(layout)) {
      if (name_exists(folder / file)) {
        return folder;
      }
    }
  }
  return std::nullopt;
}

std::optional<fs::path> find_archive(const Layout& layout, const fs::path& root) {
  for (const std::string& stem : layout.archives) {
    for (const char* extension : {".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tar"}) {
      if (name_exists(root / (stem + extension))) {
        return root / (stem + extension);
      }
    }
  }
  return std::nullopt;
}

// Whoever has the version for Python took the wrong one of three downloads.
std::string python_hint(const Layout& layout, const fs::path& root) {
  for (const std::string& name : layout.python) {
    if (name_exists(root / name)) {
      return "; " + (root / name).string() +
             " is of the version for Python, the binary version is needed";
    }
  }
  return "";
}

// Both parts and the class names come from one folder or archive, and from no other.
Source find_source(const Layout& layout, const fs::path& root,
                   const std::vector<std::string>& files) {
  std::set<std::string> names(files.begin(), files.end());
  names.insert(layout.classes_file);
  const auto folder = find_folder(layout, root);
  const auto archive = folder ? std::nullopt : find_archive(layout, root);
  if (!folder && !archive) {
    throw DataError(layout.name + ": no " + join(all_files(layout), " or ") + " in " +
                    root.string() + ", in its folders " + join(layout.folders) +
                    ", and no archive " + join(layout.archives, ".tar.gz or ") + ".tar.gz there" +
                    python_hint(layout, root));
  }
  Source source = folder ? read_folder(*folder, names)
                         : Source{*archive, read_archive(*archive, names, kMaxFileBytes)};
  if (source.contents.size() == source.contents.count(layout.classes_file)) {
    throw DataError(source.place.string() + ": has no " + join(files, " or ") +
                    (folder ? ", though other files of " + layout.name +
                                  " are there; all of them must be in one folder"
                            : ""));
  }
  return source;
}

// What is said where only some of the training files are there, which is allowed.
std::optional<std::string> missing_files(const Source& source,
                                         const std::vector<std::string>& files) {
  std::vector<std::string> missing;
  for (const std::string& file : files) {
    if (source.contents.count(file) == 0) {
      missing.push_back(file);
    }
  }
  if (missing.empty()) {
    return std::nullopt;
  }
  return "only " + std::to_string(files.size() - missing.size()) + " of " +
         std::to_string(files.size()) + " training files are there, without " + join(missing);
}

std::vector<std::string> parse_class_names(const Source& source, const Layout& layout) {
  const std::string file = (source.place / layout.classes_file).string();
  const auto content = source.contents.find(layout.classes_file);
  if (content == source.contents.end()) {
    throw DataError(file + ": missing; it names the classes");
  }
  std::istringstream stream(std::string(content->second.begin(), content->second.end()));
  std::vector<std::string> names;
  for (std::string line; std::getline(stream, line);) {
    line.erase(
        std::find_if(line.rbegin(), line.rend(), [](unsigned char c) { return c > ' '; }).base(),
        line.end());
    if (!line.empty()) {
      names.push_back(line);
    }
  }
  if (names.size() != layout.num_classes) {
    throw DataError(file + ": " + std::to_string(names.size()) + " class names, not " +
                    std::to_string(layout.num_classes));
  }
  return names;
}

}  // namespace

int64_t Cifar::record_bytes() const { return label_bytes_ + kImageBytes; }

Cifar::Cifar(Kind kind, const fs::path& root, Split split) {
  const Layout layout = layout_of(kind);
  label_bytes_ = layout.label_bytes;
  const std::vector<std::string> files = data_files(layout, split);
  Source source = find_source(layout, root, files);
  info_.name = layout.name;
  info_.place = source.place.string();
  info_.classes = parse_class_names(source, layout);
  info_.height = info_.width = kSide;
  if (kind == Kind::kCifar10) {
    info_.mean = dataset_facts("cifar10").mean;
    info_.std = dataset_facts("cifar10").std;
  } else {
    info_.mean = dataset_facts("cifar100").mean;
    info_.std = dataset_facts("cifar100").std;
  }
  if (const auto missing = missing_files(source, files)) {
    info_.remarks.push_back(*missing);
  }
  for (const std::string& file : files) {
    auto content = source.contents.extract(file);
    if (!content) {
      continue;
    }
    check_records(content.mapped(), (source.place / file).string());
    if (records_.empty()) {
      records_ = std::move(content.mapped());
    } else {
      records_.insert(records_.end(), content.mapped().begin(), content.mapped().end());
    }
  }
}

void Cifar::check_records(const std::vector<uint8_t>& content, const std::string& file) const {
  const auto size = static_cast<int64_t>(content.size());
  if (size == 0 || size % record_bytes() != 0) {
    throw DataError(file + ": " + std::to_string(size) +
                    " bytes are no whole number of records of " + std::to_string(record_bytes()) +
                    " (truncated in record " + std::to_string(size / record_bytes()) + "?)");
  }
  for (int64_t record = 0; record < size / record_bytes(); ++record) {
    const uint8_t label = content[static_cast<size_t>(record * record_bytes() + label_bytes_ - 1)];
    if (label >= info_.classes.size()) {
      throw DataError(file + ": record " + std::to_string(record) + " has label " +
                      std::to_string(label) + ", not below " +
                      std::to_string(info_.classes.size()));
    }
  }
}

Image Cifar::image(int64_t index, int64_t /*short_side*/) const {
  Image image(kSide, kSide, 3);
  const uint8_t* planes = record(index) + label_bytes_;
  uint8_t* pixels = image.pixels.data();
  for (int64_t i = 0; i < kPlane; ++i) {
    pixels[3 * i] = planes[i];
    pixels[3 * i + 1] = planes[kPlane + i];
    pixels[3 * i + 2] = planes[2 * kPlane + i];
  }
  return image;
}

std::unique_ptr<Dataset> open_cifar10(const DatasetOptions& options, Split split) {
  return std::make_unique<Cifar>(Cifar::Kind::kCifar10, options.root, split);
}

std::unique_ptr<Dataset> open_cifar100(const DatasetOptions& options, Split split) {
  return std::make_unique<Cifar>(Cifar::Kind::kCifar100, options.root, split);
}

}  // namespace sanas
