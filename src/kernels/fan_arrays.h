// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fan as the kernels see it: sizes and places in memory, nothing that owns anything.

#include "kernels/array.h"

namespace sanas::kernels {

/// Rows and columns of the images of a state.
struct PlaneSize {
  int64_t height = 0;
  int64_t width = 0;

  int64_t pixels() const { return height * width; }
};

/// How a convolution gets from its input, after the ReLU, to what its 1×1 convolution sees.
enum class Gather {
  kDirect,     ///< the input itself (ReLU-conv-BN)
  kDepthwise,  ///< a depthwise convolution
  kTwoGrids,   ///< every second pixel, and every second one shifted by (1, 1) (FactorizedReduce)
  kPatches,    ///< all pixels of the k×k around each, a grid for each tap (a full convolution)
};

struct ConvolutionShape {
  Gather gather = Gather::kDepthwise;
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t dilation = 1;

  int64_t radius() const { return dilation * (kernel - 1) / 2; }

  /// How many pixels of the input a pixel of the middle consists of; not of kDepthwise.
  int64_t grids() const {
    return gather == Gather::kTwoGrids ? 2 : gather == Gather::kPatches ? kernel * kernel : 1;
  }
  /// Rows or columns from one pixel of a grid to the next.
  int64_t grid_step() const { return gather == Gather::kTwoGrids ? 2 : stride; }
  /// Where a grid begins.
  int64_t first_row(int64_t grid) const {
    return gather == Gather::kPatches ? grid / kernel - radius() : grid;
  }
  int64_t first_column(int64_t grid) const {
    return gather == Gather::kPatches ? grid % kernel - radius() : grid;
  }
};

/// Sums for a batch norm over the images of each group: groups × channels.
template <typename S>
struct StatisticsArrays {
  /// What is subtracted before summing, so that a mean far from zero costs no digits.
  Real<S>* shift = nullptr;
  Array<S> sum;
  Array<S> square;
};

/// scale · x + offset by channel.
template <typename S>
struct AffineArrays {
  Array<S> scale;
  Array<S> offset;
};

/// How a gradient g passes a batch norm: sums of g and of g · (y − mean), groups × channels, and
/// then dy = along · g + across · (y − mean) + constant by channel.
template <typename S>
struct SlopeArrays {
  Array<S> mean;
  Array<S> sum;
  Array<S> dot;
  Array<S> along;
  Array<S> across;
  Array<S> constant;
};

/// ReLU → gather → 1×1 convolution, and the batch norm behind it.
template <typename S>
struct ConvolutionArrays {
  ConvolutionShape shape;
  /// Which convolution's output it reads, normalised; negative: the source of the fan.
  int input = -1;
  int64_t in_blocks = 0;
  /// Blocks of what the 1×1 convolution sees: in_blocks for each grid.
  int64_t middle_blocks = 0;
  int64_t out_blocks = 0;
  /// Channels in use of each block of the middle and of the output.
  const int* middle_channels = nullptr;
  const int* out_channels = nullptr;
  PlaneSize in;
  PlaneSize out;
  Array<S> depthwise;   ///< in_blocks × taps × lanes
  Array<S> pointwise;   ///< middle_blocks × lanes × out channels
  Array<S> transposed;  ///< out_blocks × lanes × middle channels
  /// images × middle_blocks × out × lanes; or nowhere: made again where it is needed.
  Array<S> middle;
  /// images × out_blocks × out × lanes.
  Array<S> output;
  StatisticsArrays<S> statistics;
  /// The batch norm, where another convolution reads the output.
  AffineArrays<S> norm;
  /// The gradient that comes back, with one factor for each image or nowhere, and how it passes.
  Array<S> arriving;
  const Real<S>* factors = nullptr;
  SlopeArrays<S> slope;
  /// groups × the size of depthwise and pointwise; nowhere where they are not asked for.
  Array<S> depthwise_gradient;
  Array<S> pointwise_gradient;
};

/// Rows of about so many pixels are worked on together, while they are in the nearest cache.
inline constexpr int64_t kChunkPixels = 128;

enum class PoolKind { kMax, kAverage };

/// A 3×3 pooling of the source.
template <typename S>
struct PoolArrays {
  PoolKind kind = PoolKind::kMax;
  Array<S> output;
  /// Nowhere without batch norm, or where that does not look at the batch.
  StatisticsArrays<S> statistics;
};

/// What is added up in a target: the output of a convolution or of a pooling, or the source itself.
template <typename S>
struct TermArrays {
  int target = 0;
  /// The convolution whose output it is; or negative.
  int convolution = -1;
  /// The pooling whose output it is; or negative. Neither: the source.
  int pool = -1;
  Array<S> values;
  /// Batch norm and mixing weight in one.
  AffineArrays<S> affine;
  SlopeArrays<S> slope;
  /// One factor for each image (drop-path); or nowhere.
  const Real<S>* factors = nullptr;
};

template <typename S>
struct TargetArrays {
  /// What the terms are added to; or nowhere.
  Array<S> start;
  Array<S> output;
  /// What comes back.
  Array<S> arriving;
};

/// Memory of one thread.
template <typename S>
struct ScratchArrays {
  Array<S> padded;     ///< an image of an input with a border of zeros left and right
  Array<S> middle;     ///< rows of what a 1×1 convolution sees
  Array<S> output;     ///< rows of the gradient at the output of a convolution
  Array<S> flowing;    ///< gradient at the middle, with a border
  Array<S> rectified;  ///< gradient behind the ReLU
};

/// A state and all that leaves it.
template <typename S>
struct FanArrays {
  int64_t images = 0;
  int64_t groups = 0;
  int64_t blocks = 0;      ///< of the source
  int64_t out_blocks = 0;  ///< of all targets
  PlaneSize in;
  PlaneSize out;
  int64_t stride = 1;
  int64_t border = 0;     ///< columns of zeros left and right of a padded image
  bool rectified = true;  ///< whether convolutions see the source through a ReLU
  Array<S> source;
  Array<S> source_gradient;  ///< nowhere where it is not asked for
  ConvolutionArrays<S>* convolutions = nullptr;
  int convolution_count = 0;
  PoolArrays<S>* pools = nullptr;
  int pool_count = 0;
  TermArrays<S>* terms = nullptr;
  int term_count = 0;
  TargetArrays<S>* targets = nullptr;
  int target_count = 0;

  /// The first image of a group: groups depend on the number of images alone, so that sums do not
  /// depend on the number of threads.
  int64_t first_image(int64_t group) const { return images * group / groups; }
};

}  // namespace sanas::kernels
