// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "files/byte_source.h"
#include "formats/torch/pickle_value.h"
#include "formats/torch/zip_reader.h"

namespace sanas {

/// Loads the storages of a file of torch.save, each once, so that tensors share memory as they did.
class TorchStorages {
 public:
  virtual ~TorchStorages() = default;
  TorchStorages(const TorchStorages&) = delete;
  TorchStorages& operator=(const TorchStorages&) = delete;

  /// The tensor in its storage's memory. Throws FileError if that is missing or damaged.
  torch::Tensor tensor(const PickleTensor& described);

 protected:
  explicit TorchStorages(const ByteSource& source) : source_(source) {}
  const ByteSource& source() const { return source_; }

 private:
  /// Checks that the storage's elements of so many bytes are all there, before memory is taken.
  virtual void check(const PickleStorage& storage, uint64_t element_bytes) const = 0;
  virtual void read(const PickleStorage& storage, void* destination) const = 0;
  torch::Tensor load(const PickleStorage& storage);

  const ByteSource& source_;
  std::unordered_map<std::string, torch::Tensor> loaded_;
};

/// In the members `folder`data/KEY of an archive (torch 1.6 and later).
class ZipStorages : public TorchStorages {
 public:
  /// The archive and the source must outlive the object.
  ZipStorages(const ZipReader& archive, std::string folder, const ByteSource& source)
      : TorchStorages(source), archive_(archive), folder_(std::move(folder)) {}

 private:
  void check(const PickleStorage& storage, uint64_t element_bytes) const override;
  void read(const PickleStorage& storage, void* destination) const override;

  const ZipReader& archive_;
  std::string folder_;
};

/// One after the other behind the pickles (before torch 1.6): their number of elements as int64,
/// then the elements.
class LegacyStorages : public TorchStorages {
 public:
  /// @param values of the pickle, which says what the elements of each storage are.
  /// @param keys in the order of the file.
  /// @param begin the byte where the first one begins.
  /// Throws FileError unless they fill the file to its end. The source must outlive the object.
  LegacyStorages(const std::deque<PickleValue>& values, const PickleList& keys, uint64_t begin,
                 const ByteSource& source);

 private:
  struct Place {
    uint64_t begin;
    uint64_t bytes;
  };

  void check(const PickleStorage& storage, uint64_t element_bytes) const override;
  void read(const PickleStorage& storage, void* destination) const override;

  std::map<std::string, Place> places_;
};

}  // namespace sanas
