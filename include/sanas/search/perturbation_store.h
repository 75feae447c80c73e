// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the attacks of a search start, and what they remember of each image.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sanas/attack/pgd.h"
#include "sanas/data/batch.h"

namespace sanas {

/// Where the attacks of a search begin: at a random point each time, or, with `keep`, where the
/// last attack on the same image ended (method §2.4: eq. 2 reads as if δ were a state per example).
/// An image that was augmented differently gets the old δ at the old pixels.
///
/// A perturbation is kept in a byte per value, in steps of 1/127 of its largest one, which as a
/// start is as good; the memory, and that of every checkpoint, grows with the images.
class PerturbationStore {
 public:
  PerturbationStore(const AttackOptions& attack, bool keep) : attack_(attack), keep_(keep) {}

  /// N×3×H×W on the batch's device. Draws from LibTorch's default generator, always as much.
  torch::Tensor start(const Batch& batch) const;
  /// Remembers how an attack ended; does nothing without `keep`.
  void keep(const Batch& batch, const torch::Tensor& delta);

  /// What is kept, to save it and to go on, in the order in which the images came first.
  struct State {
    torch::Tensor samples;  ///< n, int64
    torch::Tensor codes;    ///< n×3×H×W, int8: −127 … 127
    torch::Tensor scales;   ///< n, float32: what code 127 stands for
  };
  /// Shares memory with the store.
  State state() const;
  /// Throws FileError for tensors of other types and sizes than those of `state`.
  void set_state(const State& state);

 private:
  void make_room(int64_t images, torch::IntArrayRef image_size);

  AttackOptions attack_;
  bool keep_;
  std::vector<int64_t> samples_;
  /// Where in the tensors a sample lies.
  std::unordered_map<int64_t, int64_t> rows_;
  /// With more rows than are in use.
  torch::Tensor codes_;
  torch::Tensor scales_;
};

/// Bytes that the perturbations of `images` images of that size take once all were attacked.
int64_t perturbation_bytes(int64_t images, int64_t height, int64_t width);

/// Throws ConfigError, which names attack.persistent, for more than 512 MiB of them.
void check_perturbations(int64_t images, int64_t height, int64_t width);

}  // namespace sanas
