// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/loader.h"

#include <ATen/Context.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "core/hash.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

LoaderOptions checked(const LoaderOptions& options) {
  if (options.batch_size < 1 || options.workers < 0 || options.prefetch < 1) {
    throw ConfigError("a loader needs batch_size >= 1, workers >= 0 and prefetch >= 1, not " +
                      std::to_string(options.batch_size) + ", " + std::to_string(options.workers) +
                      " and " + std::to_string(options.prefetch));
  }
  LoaderOptions result = options;
  result.pin_memory = options.pin_memory && at::globalContext().hasCUDA();
  return result;
}

std::vector<int64_t> checked(std::vector<int64_t> indices, const Dataset& dataset,
                             int64_t batch_size) {
  const auto count = static_cast<int64_t>(indices.size());
  if (count < batch_size) {
    throw DataError("data set " + dataset.info().name + ": " + std::to_string(count) +
                    " images are fewer than a batch of " + std::to_string(batch_size) +
                    "; a smaller batch is needed");
  }
  for (const int64_t index : indices) {
    if (index < 0 || index >= dataset.size()) {
      throw DataError("data set " + dataset.info().name + " has no image " + std::to_string(index) +
                      "; it has " + std::to_string(dataset.size()));
    }
  }
  return indices;
}

uint64_t hash_of(const std::vector<int64_t>& indices) {
  uint64_t hash = indices.size();
  for (const int64_t index : indices) {
    hash = mix64(hash + static_cast<uint64_t>(index));
  }
  return hash;
}

std::string fingerprint_of(const Dataset& dataset, const std::vector<int64_t>& indices) {
  uint64_t hash = kFnvBasis;
  for (const int64_t index : indices) {
    hash = fnv1a(std::to_string(index) + '\t' + dataset.sample_name(index) + '\t' +
                     std::to_string(dataset.label(index)) + '\n',
                 hash);
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

}  // namespace

std::string to_string(BadSample policy) { return policy == BadSample::kFail ? "fail" : "skip"; }

BadSample bad_sample_from_string(std::string_view text) {
  if (text == "fail") {
    return BadSample::kFail;
  }
  if (text == "skip") {
    return BadSample::kSkip;
  }
  throw ConfigError("on_bad_sample is '" + std::string(text) + "'; write fail or skip");
}

DataLoader::DataLoader(const Dataset& dataset, std::vector<int64_t> indices,
                       const AugmentOptions& augment, const LoaderOptions& options)
    : dataset_(dataset),
      indices_(checked(std::move(indices), dataset, options.batch_size)),
      options_(checked(options)),
      augmentation_(augment, dataset.info()),
      order_stream_(hash_of(indices_)) {
  int64_t faults = 0;
  for (const int64_t index : indices_) {
    if (const std::string fault = dataset.fault(index); !fault.empty()) {
      if (options_.on_bad_sample == BadSample::kFail) {
        throw DataError(fault);
      }
      ++faults;
    }
  }
  if (faults == static_cast<int64_t>(indices_.size())) {
    throw_nothing_left();
  }
}

const std::string& DataLoader::fingerprint() const {
  if (fingerprint_.empty()) {
    fingerprint_ = fingerprint_of(dataset_, indices_);
  }
  return fingerprint_;
}

int64_t DataLoader::batches_per_epoch() const {
  const auto count = static_cast<int64_t>(indices_.size());
  const int64_t rounded = options_.drop_last ? count : count + options_.batch_size - 1;
  return rounded / options_.batch_size;
}

void DataLoader::set_batch_size(int64_t size) {
  prefetcher_.reset();  // its threads look at the options
  options_.batch_size = std::clamp<int64_t>(size, 1, this->size());
}

std::vector<int64_t> DataLoader::order(int64_t epoch, int64_t count) const {
  std::vector<int64_t> samples = indices_;
  const size_t size = samples.size();
  const size_t wanted = count < 0 ? size : std::min(static_cast<size_t>(count), size);
  if (options_.shuffle) {
    shuffle_front(samples, wanted,
                  CounterRandom(options_.seed, static_cast<uint64_t>(epoch), order_stream_));
  }
  samples.resize(wanted);
  return samples;
}

void DataLoader::start_epoch(int64_t epoch, int64_t first_batch) {
  TORCH_CHECK(epoch >= 0 && first_batch >= 0, "epoch and batch must not be negative");
  prefetcher_.reset();
  auto make = [this, epoch, samples = order(epoch)](int64_t number) {
    const int64_t begin = number * options_.batch_size;
    const int64_t end = std::min(begin + options_.batch_size, static_cast<int64_t>(samples.size()));
    return load(epoch, std::span(samples).subspan(static_cast<size_t>(begin),
                                                  static_cast<size_t>(end - begin)));
  };
  prefetcher_ =
      std::make_unique<BatchPrefetcher>(std::move(make), first_batch, batches_per_epoch(),
                                        PrefetchOptions{options_.workers, options_.prefetch});
  batches_left_ = batches_per_epoch() - first_batch;
  is_barren_ = first_batch == 0;
}

std::optional<Batch> DataLoader::next() {
  TORCH_CHECK(prefetcher_, "start_epoch() comes before next()");
  auto batch = prefetcher_->next();
  report_skipped();
  if (batch) {
    is_barren_ = is_barren_ && batch->size() == 0;
    if (--batches_left_ == 0 && is_barren_) {
      throw_nothing_left();
    }
  }
  return batch;
}

void DataLoader::report_skipped() const {
  std::vector<std::string> skipped;
  {
    const std::lock_guard lock(skipped_mutex_);
    skipped.swap(skipped_);
  }
  for (const std::string& what : skipped) {
    options_.on_skip(what);
  }
}

void DataLoader::throw_nothing_left() const {
  throw DataError("data set " + dataset_.info().name + ": too few of " +
                  std::to_string(indices_.size()) + " images can be decoded to go on");
}

bool DataLoader::load_sample(int64_t epoch, int64_t sample, float* out) const {
  try {
    augmentation_.apply(
        dataset_.image(sample, augmentation_.decode_short_side()),
        CounterRandom(options_.seed, static_cast<uint64_t>(epoch), static_cast<uint64_t>(sample)),
        out);
    return true;
  } catch (const DataError& error) {
    const std::string name = dataset_.sample_name(sample);
    const std::string what = error.what();
    const std::string named = what.find(name) == std::string::npos ? name + ": " + what : what;
    if (options_.on_bad_sample == BadSample::kFail) {
      throw DataError(named);
    }
    if (options_.on_skip) {
      const std::lock_guard lock(skipped_mutex_);
      skipped_.push_back(named);
    }
    return false;
  }
}

Batch DataLoader::load(int64_t epoch, std::span<const int64_t> samples) const {
  const auto count = static_cast<int64_t>(samples.size());
  const auto options = at::TensorOptions().pinned_memory(options_.pin_memory);
  const int64_t height = augmentation_.height();
  const int64_t width = augmentation_.width();
  Batch batch{torch::empty({count, 3, height, width}, options.dtype(torch::kFloat32)),
              torch::empty({count}, options.dtype(torch::kInt64)),
              torch::empty({count}, torch::kInt64)};
  auto* images = batch.images.data_ptr<float>();
  auto* labels = batch.labels.data_ptr<int64_t>();
  auto* indices = batch.indices.data_ptr<int64_t>();
  int64_t loaded = 0;
  for (const int64_t sample : samples) {
    if (load_sample(epoch, sample, images + loaded * 3 * height * width)) {
      labels[loaded] = dataset_.label(sample);
      indices[loaded] = sample;
      ++loaded;
    }
  }
  if (loaded < count) {
    return {batch.images.narrow(0, 0, loaded), batch.labels.narrow(0, 0, loaded),
            batch.indices.narrow(0, 0, loaded), count - loaded};
  }
  return batch;
}

}  // namespace sanas
