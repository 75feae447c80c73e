// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/perturbation_store.h"

#include <algorithm>
#include <string>

#include "sanas/core/error.h"

namespace sanas {
namespace {

constexpr double kLargestCode = 127.0;
constexpr int64_t kMostBytes = int64_t{512} << 20;

torch::Tensor per_image(const torch::Tensor& values) { return values.view({-1, 1, 1, 1}); }

std::vector<int64_t> numbers_in(const torch::Tensor& values) {
  const torch::Tensor flat = values.contiguous();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

}  // namespace

torch::Tensor PerturbationStore::start(const Batch& batch) const {
  torch::Tensor start = initial_perturbation(batch.images, attack_);
  const auto samples = batch.indices.accessor<int64_t, 1>();
  std::vector<int64_t> places;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < batch.size(); ++i) {
    const auto found = rows_.find(samples[i]);
    if (found != rows_.end()) {
      places.push_back(i);
      rows.push_back(found->second);
    }
  }
  if (rows.empty()) {
    return start;
  }
  const torch::Tensor row = torch::tensor(rows);
  const torch::Tensor kept = codes_.index_select(0, row).to(torch::kFloat32) *
                             per_image(scales_.index_select(0, row) / kLargestCode);
  start.index_copy_(0, torch::tensor(places).to(start.device()), kept.to(start.options()));
  return attack_.space == AttackSpace::kPixels ? project_perturbation(start, batch.images, attack_)
                                               : start;
}

void PerturbationStore::keep(const Batch& batch, const torch::Tensor& delta) {
  if (!keep_) {
    return;
  }
  const torch::Tensor values = delta.detach().to(torch::kCPU, torch::kFloat32);
  make_room(static_cast<int64_t>(samples_.size()) + batch.size(), values.sizes().slice(1));
  const auto samples = batch.indices.accessor<int64_t, 1>();
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < batch.size(); ++i) {
    const int64_t sample = samples[i];
    const auto [row, is_new] = rows_.emplace(sample, static_cast<int64_t>(samples_.size()));
    if (is_new) {
      samples_.push_back(sample);
    }
    rows.push_back(row->second);
  }
  const torch::Tensor row = torch::tensor(rows);
  const torch::Tensor scale = values.flatten(1).abs().amax(1);
  const torch::Tensor shares = values / per_image(scale.clamp_min(1e-30));
  codes_.index_copy_(0, row, (shares * kLargestCode).round().to(torch::kInt8));
  scales_.index_copy_(0, row, scale);
}

/// Twice the rows when there are too few, so that few copies are made.
void PerturbationStore::make_room(int64_t images, torch::IntArrayRef image_size) {
  const int64_t room = codes_.defined() ? codes_.size(0) : 0;
  if (room >= images) {
    return;
  }
  std::vector<int64_t> size{std::max(images, 2 * room)};
  size.insert(size.end(), image_size.begin(), image_size.end());
  const auto codes = torch::zeros(size, torch::kInt8);
  const auto scales = torch::zeros({size[0]}, torch::kFloat32);
  if (room > 0) {
    codes.narrow(0, 0, room).copy_(codes_);
    scales.narrow(0, 0, room).copy_(scales_);
  }
  codes_ = codes;
  scales_ = scales;
}

PerturbationStore::State PerturbationStore::state() const {
  const auto count = static_cast<int64_t>(samples_.size());
  if (count == 0) {
    return {torch::empty({0}, torch::kInt64), torch::empty({0, 3, 0, 0}, torch::kInt8),
            torch::empty({0}, torch::kFloat32)};
  }
  return {torch::tensor(samples_), codes_.narrow(0, 0, count), scales_.narrow(0, 0, count)};
}

void PerturbationStore::set_state(const State& state) {
  const auto& [samples, codes, scales] = state;
  const bool fits = samples.dim() == 1 && samples.scalar_type() == torch::kInt64 &&
                    codes.dim() == 4 && codes.scalar_type() == torch::kInt8 && scales.dim() == 1 &&
                    scales.scalar_type() == torch::kFloat32 && codes.size(0) == samples.size(0) &&
                    scales.size(0) == samples.size(0);
  if (!fits) {
    throw FileError("the perturbations are incomplete");
  }
  samples_ = numbers_in(samples);
  rows_.clear();
  for (const int64_t sample : samples_) {
    rows_.emplace(sample, static_cast<int64_t>(rows_.size()));
  }
  const bool empty = samples_.empty();
  codes_ = empty ? torch::Tensor{} : codes.clone();
  scales_ = empty ? torch::Tensor{} : scales.clone();
}

int64_t perturbation_bytes(int64_t images, int64_t height, int64_t width) {
  constexpr int64_t kSampleAndScale = 12;
  return images * (3 * height * width + kSampleAndScale);
}

void check_perturbations(int64_t images, int64_t height, int64_t width) {
  const int64_t bytes = perturbation_bytes(images, height, width);
  if (bytes > kMostBytes) {
    const auto mebibytes = [](int64_t n) { return std::to_string(n >> 20) + " MiB"; };
    throw ConfigError("attack.persistent: the perturbations of " + std::to_string(images) +
                      " images of " + std::to_string(height) + "×" + std::to_string(width) +
                      " take " + mebibytes(bytes) +
                      ", in memory and in each checkpoint; expected " + mebibytes(kMostBytes) +
                      " at most: fewer images to train on, smaller ones, or false");
  }
}

}  // namespace sanas
