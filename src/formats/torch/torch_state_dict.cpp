// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/torch_state_dict.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

#include "core/utf8.h"
#include "files/byte_source.h"
#include "formats/torch/torch_storages.h"
#include "formats/torch/unpickler.h"
#include "formats/torch/zip_reader.h"

namespace sanas {
namespace {

constexpr uint64_t kMaxPickle = 64U << 20U;
constexpr int kMaxDepth = 64;
// Shared containers and texts can unfold to far more than the file has bytes.
constexpr size_t kMaxVisits = 1U << 21U;
constexpr size_t kMaxTextBytes = 256U << 20U;

/// A number or a text as metadata has it, or nothing.
std::optional<std::string> scalar_text(const PickleValue& value) {
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  if (const auto* truth = value.as<bool>()) {
    return *truth ? "true" : "false";
  }
  if (const auto* integer = value.as<int64_t>()) {
    return std::to_string(*integer);
  }
  if (const auto* type = value.as<PickleDtype>()) {
    return "torch." + std::string(type->type->torch);
  }
  if (const auto* number = value.as<double>()) {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *number).ptr;
    return std::string(buffer.data(), end);
  }
  return std::nullopt;
}

/// None, and what is neither tensor, number, text nor container: a set, a type, a device, …
bool may_be_left_out(const PickleValue& value) {
  const auto* opaque = value.as<PickleOpaque>();
  return value.as<std::monostate>() != nullptr || value.as<PickleGlobal>() != nullptr ||
         value.as<PickleStorageClass>() != nullptr || (opaque != nullptr && !opaque->is_tensor);
}

/// Collects tensors and scalars with dotted names.
class Flattener {
 public:
  Flattener(TorchStorages& storages, const ByteSource& source)
      : storages_(storages), source_(source) {}

  void add(const std::string& name, const PickleValue& value, int depth = 0) {
    text_bytes_ += name.size();
    if (depth > kMaxDepth || ++visits_ > kMaxVisits || text_bytes_ > kMaxTextBytes) {
      source_.fail("containers at " + in_quotes(name) + " are nested too deeply or too many");
    }
    if (const auto* tensor = value.as<PickleTensor>()) {
      once(!result_.tensors.contains(name), name);
      result_.tensors.insert(name, storages_.tensor(*tensor));
    } else if (const auto text = scalar_text(value)) {
      add_scalar(name, *text);
    } else if (const auto* list = value.as<PickleList>()) {
      for (size_t i = 0; i < list->items.size(); ++i) {
        add(below(name, std::to_string(i)), *list->items[i], depth + 1);
      }
    } else if (const auto* dict = value.as<PickleDict>()) {
      for (const auto& [key, item] : dict->items) {
        add(below(name, key_text(name, *key)), *item, depth + 1);
      }
    } else if (!may_be_left_out(value)) {
      source_.fail("the value at " + in_quotes(name) +
                   " is a sparse, quantized or complex tensor, or something else that has no form "
                   "here");
    }
  }

  void add_scalar(const std::string& name, const std::string& text) {
    text_bytes_ += text.size();
    once(result_.metadata.emplace(name, text).second, name);
  }

  /// Metadata from the dictionary around the state dict.
  void add_scalars(const PickleDict& dict) {
    for (const auto& [key, item] : dict.items) {
      if (const auto text = scalar_text(*item)) {
        add_scalar(key_text("", *key), *text);
      }
    }
  }

  NamedTensors take() { return std::move(result_); }

 private:
  static std::string below(const std::string& name, const std::string& key) {
    return name.empty() ? key : name + "." + key;
  }

  std::string key_text(const std::string& name, const PickleValue& key) {
    if (key.as<std::string>() == nullptr && key.as<int64_t>() == nullptr) {
      source_.fail("a key of the dictionary at " + in_quotes(name) +
                   " is neither text nor integer");
    }
    return *scalar_text(key);
  }

  void once(bool first, const std::string& name) {
    if (!first) {
      source_.fail("has the name " + in_quotes(name) + " twice");
    }
  }

  TorchStorages& storages_;
  const ByteSource& source_;
  NamedTensors result_;
  size_t visits_ = 0;
  size_t text_bytes_ = 0;
};

bool holds_tensors(const PickleDict& dict) {
  return std::any_of(dict.items.begin(), dict.items.end(),
                     [](const auto& item) { return item.second->template as<PickleTensor>(); });
}

/// The state dict inside a checkpoint, or null. Of several none is taken unasked.
const PickleValue* inner_state_dict(const PickleDict& checkpoint, const ByteSource& source) {
  static constexpr std::array<std::string_view, 5> kNames{"state_dict", "model_state_dict", "model",
                                                          "net", "network"};
  const PickleValue* found = nullptr;
  std::string name;
  for (const auto& [key, value] : checkpoint.items) {
    const auto* text = key->as<std::string>();
    const auto* dict = value->as<PickleDict>();
    if (text == nullptr || std::find(kNames.begin(), kNames.end(), *text) == kNames.end() ||
        dict == nullptr || !holds_tensors(*dict)) {
      continue;
    }
    if (found != nullptr && found != value) {
      source.fail("holds several state dicts, " + in_quotes(name) + " and " + in_quotes(*text) +
                  "; save the one that is meant in a file of its own");
    }
    found = value;
    name = *text;
  }
  return found;
}

NamedTensors flatten(const PickleValue& root, TorchStorages& storages, const ByteSource& source) {
  const auto* dict = root.as<PickleDict>();
  if (dict == nullptr && root.as<PickleList>() == nullptr) {
    source.fail("holds neither a dictionary nor a list of tensors");
  }
  Flattener flattener(storages, source);
  const auto* inner = dict == nullptr ? nullptr : inner_state_dict(*dict, source);
  if (inner == nullptr) {
    flattener.add("", root);
  } else {
    flattener.add("", *inner);
    flattener.add_scalars(*dict);
  }
  return flattener.take();
}

/// The archive's one folder with its slash: the folder of data.pkl.
std::string archive_folder(const ZipReader& archive, const ByteSource& source) {
  const std::string pickle = "/data.pkl";
  std::string folder;
  for (const auto& [name, member] : archive.members()) {
    if (name.ends_with(pickle) && name.find('/') == name.size() - pickle.size()) {
      if (!folder.empty()) {
        source.fail("has more than one data.pkl");
      }
      folder = name.substr(0, name.size() - pickle.size() + 1);
    }
  }
  if (folder.empty()) {
    source.fail("has no data.pkl: no file of torch.save");
  }
  return folder;
}

NamedTensors read_zip(const ByteSource& source) {
  const ZipReader archive(source);
  const std::string folder = archive_folder(archive, source);
  if (archive.find(folder + "byteorder") != nullptr &&
      archive.read_text(folder + "byteorder", 16) != "little") {
    source.fail("was saved on a big-endian machine");
  }
  const std::string pickle = archive.read_text(folder + "data.pkl", kMaxPickle);
  Unpickler unpickler(pickle, source, "data.pkl");
  const PickleValue& root = unpickler.load();
  if (unpickler.size() != pickle.size()) {
    source.fail("data.pkl goes on behind its end: it is damaged");
  }
  ZipStorages storages(archive, folder, source);
  return flatten(root, storages, source);
}

// The first pickle of a file before torch 1.6: torch.serialization.MAGIC_NUMBER.
constexpr std::string_view kLegacyMagic{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
                                        15};

/// Whether sys.byteorder was little where it was saved.
bool says_little_endian(const PickleValue& system) {
  const auto* dict = system.as<PickleDict>();
  return dict != nullptr &&
         std::any_of(dict->items.begin(), dict->items.end(), [](const auto& item) {
           const auto* key = item.first->template as<std::string>();
           const auto* value = item.second->template as<bool>();
           return key != nullptr && *key == "little_endian" && value != nullptr && *value;
         });
}

/// Five pickles (magic number, version of the format, the machine, the object, the keys of its
/// storages), then the storages.
NamedTensors read_legacy(const ByteSource& source) {
  constexpr int64_t kVersion = 1001;
  const std::string text = source.read_text(0, std::min(source.size(), kMaxPickle));
  std::string_view rest(text);
  rest.remove_prefix(kLegacyMagic.size());
  const auto next = [&](const char* what) {
    auto unpickler = std::make_unique<Unpickler>(rest, source, what);
    const PickleValue& value = unpickler->load();
    rest.remove_prefix(unpickler->size());
    return std::pair<std::unique_ptr<Unpickler>, const PickleValue*>(std::move(unpickler), &value);
  };
  const auto version = next("the version's pickle");
  const auto* number = version.second->as<int64_t>();
  if (number == nullptr || *number != kVersion) {
    source.fail("is of a version of torch.save's old format other than " +
                std::to_string(kVersion));
  }
  if (!says_little_endian(*next("the machine's pickle").second)) {
    source.fail("was saved on a big-endian machine");
  }
  const auto object = next("the object's pickle");
  const auto keys = next("the storages' pickle");
  const auto* list = keys.second->as<PickleList>();
  if (list == nullptr) {
    source.fail("has no list of its storages");
  }
  LegacyStorages storages(object.first->values(), *list, text.size() - rest.size(), source);
  return flatten(*object.second, storages, source);
}

NamedTensors read(const ByteSource& source) {
  const bool legacy = source.size() >= kLegacyMagic.size() &&
                      source.read_text(0, kLegacyMagic.size()) == kLegacyMagic;
  return legacy ? read_legacy(source) : read_zip(source);
}

}  // namespace

NamedTensors read_torch_state_dict(const std::filesystem::path& path) {
  return read(FileSource(path));
}

NamedTensors parse_torch_state_dict(std::string_view bytes, const std::string& source) {
  return read(MemorySource(source, bytes));
}

}  // namespace sanas
