// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_storages.h"

#include "core/utf8.h"
#include "formats/tensor_bytes.h"

namespace sanas {
namespace {

uint64_t bytes_of_an_element(const PickleStorage& storage) {
  return storage.type == nullptr ? 1 : storage.type->bytes();
}

/// The first whole elements of untyped bytes.
torch::Tensor of_type(const torch::Tensor& bytes, const ElementType& type) {
  const auto size = static_cast<int64_t>(type.bytes());
  return bytes.narrow(0, 0, bytes.numel() / size * size).view(type.scalar);
}

}  // namespace

torch::Tensor TorchStorages::tensor(const PickleTensor& described) {
  auto storage = load(described.storage);
  if (described.storage.type == nullptr) {
    storage = of_type(storage, *described.type);
  }
  return storage.as_strided(described.sizes, described.strides, described.offset);
}

torch::Tensor TorchStorages::load(const PickleStorage& storage) {
  const auto scalar = storage.type == nullptr ? torch::kByte : storage.type->scalar;
  const auto known = loaded_.find(storage.key);
  if (known != loaded_.end()) {
    if (known->second.scalar_type() != scalar || known->second.numel() != storage.elements) {
      source_.fail("storage " + in_quotes(storage.key) + " is described in two different ways");
    }
    return known->second;
  }
  check(storage, bytes_of_an_element(storage));
  auto tensor = torch::empty({storage.elements}, torch::dtype(scalar));
  read(storage, tensor.mutable_data_ptr());
  if (!has_valid_bools(tensor)) {
    source_.fail("storage " + in_quotes(storage.key) + " has boolean bytes other than 0 and 1");
  }
  return loaded_.emplace(storage.key, std::move(tensor)).first->second;
}

void ZipStorages::check(const PickleStorage& storage, uint64_t element_bytes) const {
  const std::string member_name = folder_ + "data/" + storage.key;
  const auto* member = archive_.find(member_name);
  if (member == nullptr || member->size % element_bytes != 0 ||
      member->size / element_bytes != static_cast<uint64_t>(storage.elements)) {
    source().fail("storage " + in_quotes(storage.key) + " needs a zip member " +
                  in_quotes(member_name) + " of " + std::to_string(storage.elements) +
                  " elements, but it is " + (member == nullptr ? "missing" : "of another size"));
  }
}

void ZipStorages::read(const PickleStorage& storage, void* destination) const {
  const std::string name = folder_ + "data/" + storage.key;
  archive_.read(name, *archive_.find(name), destination);
}

LegacyStorages::LegacyStorages(const std::deque<PickleValue>& values, const PickleList& keys,
                               uint64_t begin, const ByteSource& source)
    : TorchStorages(source) {
  std::unordered_map<std::string_view, uint64_t> element_bytes;
  for (const auto& value : values) {
    if (const auto* storage = value.as<PickleStorage>()) {
      element_bytes.emplace(storage->key, bytes_of_an_element(*storage));
    }
  }
  for (const auto* item : keys.items) {
    const auto* key = item->as<std::string>();
    const auto described = key == nullptr ? element_bytes.end() : element_bytes.find(*key);
    if (described == element_bytes.end()) {
      source.fail("lists a storage that no tensor uses");
    }
    uint64_t elements = 0;
    source.read(begin, &elements, sizeof(elements));
    begin += sizeof(elements);
    if (elements > (source.size() - begin) / described->second) {
      source.fail("storage " + in_quotes(*key) + " ends after the file: it is cut or damaged");
    }
    const Place place{begin, elements * described->second};
    if (!places_.emplace(*key, place).second) {
      source.fail("storage " + in_quotes(*key) + " is there twice");
    }
    begin += place.bytes;
  }
  if (begin != source.size()) {
    source.fail("goes on behind its last storage: it is damaged");
  }
}

void LegacyStorages::check(const PickleStorage& storage, uint64_t element_bytes) const {
  const auto place = places_.find(storage.key);
  if (place == places_.end() || place->second.bytes % element_bytes != 0 ||
      place->second.bytes / element_bytes != static_cast<uint64_t>(storage.elements)) {
    source().fail("storage " + in_quotes(storage.key) + " of " + std::to_string(storage.elements) +
                  " elements is " + (place == places_.end() ? "missing" : "of another size"));
  }
}

void LegacyStorages::read(const PickleStorage& storage, void* destination) const {
  const auto& place = places_.at(storage.key);
  source().read(place.begin, destination, place.bytes);
}

}  // namespace sanas
