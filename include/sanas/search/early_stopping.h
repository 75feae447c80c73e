// SPDX-License-Identifier: Apache-2.0
#pragma once

// Ends a search when the largest eigenvalue grows too fast (RobustDARTS).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sanas {

/// When the largest eigenvalue of the architecture's validation loss is measured, and when its
/// growth ends the search (method §10: every 2 epochs, window 5, factor 1.3, delta 4, from epoch
/// 10).
struct EigenvalueOptions {
  /// Measure after every so many epochs; 0: never.
  int64_t every = 0;
  /// Lanczos iterations of a measurement.
  int64_t iterations = 20;
  /// End the search by the rule below; otherwise only log.
  bool stop = false;
  /// Measurements that are averaged.
  int64_t window = 5;
  /// Stop when the average has grown by more than this factor …
  double factor = 1.3;
  /// … within so many measurements, …
  int64_t delta = 4;
  /// … the earlier of which was not before that epoch.
  int64_t start_epoch = 10;
};

struct EigenvalueMeasurement {
  int64_t epoch = 0;
  double eigenvalue = 0.0;
  /// The genotype of that time, as text.
  std::string genotype;
};

/// The early stopping of RobustDARTS (Zela et al., method §10): the local average of `window`
/// measurements, which stands for the epoch in its middle, is compared with the one `delta`
/// measurements earlier. When it has grown too much, the product is the genotype of that earlier
/// epoch.
class EarlyStopping {
 public:
  explicit EarlyStopping(const EigenvalueOptions& options) : options_(options) {}

  void add(EigenvalueMeasurement measurement);

  /// The measurement whose genotype the search goes back to, once it is to stop.
  const std::optional<EigenvalueMeasurement>& stopped_at() const { return stopped_at_; }
  const std::vector<EigenvalueMeasurement>& measurements() const { return measurements_; }

 private:
  EigenvalueOptions options_;
  std::vector<EigenvalueMeasurement> measurements_;
  /// From the ⌈window/2⌉-th measurement on, one for each.
  std::vector<double> averages_;
  std::optional<EigenvalueMeasurement> stopped_at_;
};

}  // namespace sanas
