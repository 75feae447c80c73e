// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/map_meter.h"

#include <algorithm>
#include <limits>

#include "saliency/map_metrics.h"
#include "saliency/masks.h"
#include "saliency/row_unit.h"

namespace sanas {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The first images of a batch, filled up to kRowUnit as the batch is.
MapBatch first_rows(const MapBatch& batch, int64_t count) {
  const int64_t rows = (count + kRowUnit - 1) / kRowUnit * kRowUnit;
  const auto cut = [&](const torch::Tensor& tensor) {
    return tensor.narrow(0, 0, std::min(rows, tensor.size(0)));
  };
  MapBatch part{batch.first, batch.names, batch.indices, batch.geometries, {}, cut(batch.maps)};
  part.names.resize(static_cast<size_t>(count));
  part.batch = {cut(batch.batch.images), cut(batch.batch.labels), cut(batch.batch.targets)};
  return part;
}

/// Adds rows one by one: rounds alike however the images were put into batches.
void add_rows(torch::Tensor& sum, const torch::Tensor& rows) {
  for (int64_t i = 0; i < rows.size(0); ++i) {
    sum = sum.defined() ? sum + rows[i] : rows[i];
  }
}

std::vector<double> mean_of(const torch::Tensor& sum, size_t count) {
  const auto mean = sum / static_cast<int64_t>(count);
  return {mean.const_data_ptr<double>(), mean.const_data_ptr<double>() + mean.numel()};
}

}  // namespace

MapMeter::MapMeter(MeasuredColumn column, const SaliencyMetricsOptions& options,
                   PhaseObserver& observer)
    : column_(std::move(column)), options_(options), observer_(observer) {
  scores_.column = column_.name;
}

void MapMeter::collect(const std::vector<MetricValues>& metrics) {
  auto& all = scores_.metrics;
  for (const auto& metric : metrics) {
    auto known = std::find_if(all.begin(), all.end(),
                              [&](const auto& other) { return other.name == metric.name; });
    if (known == all.end()) {
      known = all.insert(all.end(), {metric.name, {}});
    }
    known->values.insert(known->values.end(), metric.values.begin(), metric.values.end());
  }
}

void MapMeter::add(const MapBatch& batch) {
  scores_.images.insert(scores_.images.end(), batch.names.begin(), batch.names.end());
  const auto curves = measure_curves(column_.network, batch, options_.curve_steps, observer_);
  add_rows(deletion_sum_, curves.deletion);
  add_rows(insertion_sum_, curves.insertion);
  collect(curves.areas());
  if (!column_.masks.empty()) {
    std::vector<torch::Tensor> masks;
    for (size_t i = 0; i < batch.names.size(); ++i) {
      masks.push_back(read_mask(column_.masks[static_cast<size_t>(batch.indices[i])]));
    }
    collect(measure_localization(batch, masks, options_.threshold));
  }
  const auto count = std::clamp<int64_t>(options_.checked_images - batch.first, 0,
                                         static_cast<int64_t>(batch.names.size()));
  if (count > 0) {
    checked_.push_back(first_rows(batch, count));
    collect(measure_stability(column_, checked_.back(), options_, observer_));
  }
}

ColumnScores MapMeter::finish() {
  if (!checked_.empty()) {
    scores_.randomization = randomize_layers(column_, checked_, observer_);
    for (const auto& [name, load] : column_.others) {
      collect(compare_maps(column_, checked_, name, load().network, observer_));
    }
  }
  scores_.deletion_curve = mean_of(deletion_sum_, scores_.images.size());
  scores_.insertion_curve = mean_of(insertion_sum_, scores_.images.size());
  for (auto& metric : scores_.metrics) {
    metric.values.resize(scores_.images.size(), kNan);  // those of the first images only
  }
  return std::move(scores_);
}

}  // namespace sanas
