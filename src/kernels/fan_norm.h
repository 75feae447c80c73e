// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batch norms of a fan. They are never applied on their own: mean and variance go into the
// coefficients of the sum that follows, or of the next ReLU.

#include <vector>

#include "kernels/fan_spec.h"
#include "kernels/storage.h"

namespace sanas::kernels {

/// Mean and variance by lane.
template <typename S>
struct Moments {
  std::vector<Wide<S>> mean;
  std::vector<Wide<S>> variance;
  /// Numbers of the batch by channel that they were taken of; 0: they do not depend on the batch.
  int64_t count = 0;
};

/// From the sums of all groups. @param pixels of each group, all of its images together.
template <typename S>
Moments<S> batch_moments(const StatisticsArrays<S>& sums, const std::vector<int64_t>& pixels,
                         int64_t lanes);

/// @param channels of each lane, see lane_channels.
template <typename S>
Moments<S> running_moments(const NormSpec& norm, const std::vector<int64_t>& channels);

/// Lets the running statistics take up those of a batch, where there are some.
template <typename S>
void update_running(const NormSpec& norm, const Moments<S>& moments,
                    const std::vector<int64_t>& channels);

/// A parameter by channel: where it lies, or nowhere.
template <typename S>
struct NormParameters {
  Array<S> scale;
  Array<S> shift;
};

/// Gradients of the parameters of one norm and of its mixing weight.
template <typename S>
struct NormGradients {
  std::vector<Wide<S>> scale;  ///< by lane
  std::vector<Wide<S>> shift;
  Wide<S> weight;
};

/// weight · (scale · (y − mean) / √(variance + eps) + shift), forward and back.
template <typename S>
class NormPass {
 public:
  /// @param channels of each lane. @param groups of images.
  NormPass(std::vector<int64_t> channels, int64_t groups);

  /// weight · y.
  void set_identity(const Wide<S>& weight);
  /// @param norm and its parameters.
  void set_norm(const NormSpec& norm, Moments<S> moments, const NormParameters<S>& parameters,
                const Wide<S>& weight);

  AffineArrays<S> affine() const { return {scale_.array(), offset_.array()}; }
  /// Makes room for the sums of `slope()`.
  void prepare_slope();
  SlopeArrays<S> slope() const;
  /// From the sums of all groups the coefficients of `slope()`.
  NormGradients<S> finish_slope();

 private:
  size_t lanes() const { return channels_.size(); }

  std::vector<int64_t> channels_;
  int64_t groups_;
  bool normalizes_ = false;
  Wide<S> weight_{};
  Moments<S> moments_;
  std::vector<Wide<S>> inverse_deviation_;
  std::vector<Wide<S>> gamma_;
  std::vector<Wide<S>> beta_;
  Storage<S> scale_, offset_, mean_, sum_, dot_, along_, across_, constant_;
};

}  // namespace sanas::kernels
