// SPDX-License-Identifier: Apache-2.0
#pragma once

// The results of a test, as text and as JSON.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sanas/train/network_test.h"
#include "sanas/train/options.h"

namespace sanas {

/// One way of predicting, tested.
struct InferenceResult {
  Inference inference = Inference::kPlain;
  ClassificationReport report;
  std::optional<Latency> latency;
};

/// A tested network.
struct TestReport {
  std::vector<std::string> classes;
  /// The last one is what was asked for, those before it are there to compare.
  std::vector<InferenceResult> results;
  Selection selection = Selection::kLast;
  /// The epoch whose network this is, and how many there were; −1 where that is not known.
  int64_t epoch = -1;
  int64_t epochs = -1;
  int64_t parameters = 0;

  const InferenceResult& asked_for() const { return results.back(); }
};

/// For people: a line per way of predicting, and the classes that it is worst at. Says so where the
/// network was selected on the test images.
std::vector<std::string> describe(const TestReport& report);

/// For programs: everything, with accuracies per class and the confusion matrix, as JSON.
std::string to_json(const TestReport& report);

/// What a sweep compares of a training that is over.
struct TestScore {
  double accuracy = 0.0;
  double top5 = 0.0;
  double loss = 0.0;
  double calibration_error = 0.0;
  int64_t parameters = 0;
  /// What it was measured on, and how many more could not be decoded.
  int64_t images = 0;
  int64_t skipped_images = 0;
  /// Median and 95th percentile in seconds per image.
  std::optional<Latency> latency;
};

/// Reads it back from the report in the folder of the training. Throws FileError without one.
TestScore read_test_score(const std::filesystem::path& run_folder);

}  // namespace sanas
