// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fan at work: runs the kernels' steps over groups of images, with what lies between them.

#include <memory>
#include <vector>

#include "kernels/blocked_weights.h"
#include "kernels/fan_kernels.h"
#include "kernels/fan_norm.h"
#include "kernels/fan_spec.h"
#include "kernels/storage.h"

namespace sanas::kernels {

/// What a fan is computed from. Tensors are contiguous and lie on the CPU.
template <typename S>
struct FanInput {
  /// N × blocks × H × W × kLanes.
  Storage<S> source;
  /// What the targets begin with, N × blocks × H' × W' × kLanes; undefined: zero.
  std::vector<Storage<S>> starts;
  std::vector<Storage<S>> parameters;
};

/// Which gradients are asked for.
struct FanNeeds {
  bool source = true;
  std::vector<bool> parameters;
};

template <typename S>
struct FanGradients {
  Storage<S> source;
  /// Undefined where they are not asked for.
  std::vector<Storage<S>> parameters;
};

/// A fan on numbers `S`: float, double, or their duals. With x + u ε for all inputs, the tangents
/// of forward() are the change of the outputs along u, and those of backward() the change of the
/// gradients: the second derivative times u.
template <typename S>
class FanComputation {
 public:
  /// `spec` must outlive the object.
  FanComputation(const FanSpec& spec, FanInput<S> input);

  /// The targets. @param weights whose gradients may be asked for: what they need is kept, which is
  ///        faster than to make it again.
  std::vector<Storage<S>> forward(const std::vector<bool>& weights);

  /// What backward() needs of forward(), and the way to give it to another object.
  std::vector<torch::Tensor> kept();
  void restore(const std::vector<torch::Tensor>& kept);

  /// @param arriving gradients of the targets.
  FanGradients<S> backward(const std::vector<Storage<S>>& arriving, const FanNeeds& needs);

 private:
  struct ConvolutionMemory {
    Storage<S> depthwise, pointwise, transposed, middle, output, sum, square;
    torch::Tensor shift;
    std::vector<int64_t> in_lanes;
    std::vector<int> middle_channels;
    Storage<S> arriving, depthwise_gradient, pointwise_gradient;
    std::unique_ptr<NormPass<S>> inner_norm;  ///< where another convolution reads the output
  };
  struct PoolMemory {
    Storage<S> output, sum, square;
    torch::Tensor shift;
  };

  void lay_out();
  void lay_out_convolution(size_t number);
  void make_room(const std::vector<bool>& weights);
  void pack(size_t number);
  void connect();
  /// Calls visit(tensor) for all that backward() needs of forward().
  template <typename Visit>
  void each_kept(Visit visit);

  /// Batch norms behind a step forward; `update`: their running statistics, too.
  void finish_source(bool update);
  void finish_inner(bool update);
  Moments<S> moments_of(const NormSpec& norm, const StatisticsArrays<S>& sums, bool update) const;

  bool needs(int parameter) const;
  /// Anything that lies behind the targets' sums.
  bool needs_convolutions() const;
  void prepare_back(const std::vector<Storage<S>>& arriving, FanGradients<S>& result);
  void finish_targets(FanGradients<S>& result);
  void finish_inner_norms(FanGradients<S>& result);
  void take_norm(const NormSpec& norm, const NormGradients<S>& gradients, FanGradients<S>& result);
  void take_weights(FanGradients<S>& result);
  void take_weights(size_t number, FanGradients<S>& result);

  Array<S> parameter(int number) const;
  NormParameters<S> parameters_of(const NormSpec& norm) const;
  PointwiseLanes pointwise_lanes(size_t number) const;
  bool has_inner() const;
  void make_scratch();

  const FanSpec& spec_;
  FanInput<S> input_;
  FanNeeds needs_;
  const FanKernels<S>& kernels_;
  FanArrays<S> arrays_;
  std::vector<int64_t> group_pixels_;  ///< of the output
  std::vector<int64_t> in_lanes_, out_lanes_;
  std::vector<int> in_channels_, out_channels_;
  std::vector<ConvolutionArrays<S>> convolutions_;
  std::vector<PoolArrays<S>> pools_;
  std::vector<TermArrays<S>> terms_;
  std::vector<TargetArrays<S>> targets_;
  std::vector<ConvolutionMemory> convolution_memory_;
  std::vector<PoolMemory> pool_memory_;
  std::vector<NormPass<S>> term_norms_;
  std::vector<ScratchArrays<S>> scratch_;  ///< of each thread
  std::vector<Storage<S>> scratch_memory_;
};

}  // namespace sanas::kernels
