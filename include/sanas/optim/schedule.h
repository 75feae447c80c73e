// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the learning rate changes over the epochs.

#include <cstdint>
#include <string>

namespace sanas {

/// How the learning rate falls over the epochs; closed forms of darts-family §4, §5.6 and §12.
enum class Schedule {
  kConstant,
  /// min + (lr − min)(1 + cos(π e/E))/2.
  kCosine,
  /// lr (E−5−e)/(E−5), and over the last five epochs lr (E−e)/(5(E−5)).
  kLinear,
  /// lr · 0.97^e.
  kExponential,
};

/// Which rate the warm-up scales by (e+1)/w in its w epochs.
enum class WarmUpBase {
  /// The scheduled rate of the epoch (P-DARTS, PR-DARTS).
  kScheduled,
  /// The initial rate (PC-DARTS).
  kInitial,
};

std::string to_string(Schedule schedule);
std::string to_string(WarmUpBase base);

/// How the learning rate of an optimizer changes over the epochs.
struct ScheduleOptions {
  Schedule schedule = Schedule::kCosine;
  /// The initial rate, without warm-up.
  double learning_rate = 0.025;
  /// Where the cosine ends.
  double min_learning_rate = 0.0;
  /// Epochs in which the rate rises; 0: no warm-up.
  int64_t warm_up_epochs = 0;
  WarmUpBase warm_up_base = WarmUpBase::kScheduled;
};

/// Learning rate during epoch `epoch` = 0 … epochs − 1, constant within it.
double learning_rate(const ScheduleOptions& options, int64_t epoch, int64_t epochs);

/// Drop-path probability p · e/E of an epoch (darts-family §5.4).
double drop_path_probability(double final_probability, int64_t epoch, int64_t epochs);

}  // namespace sanas
