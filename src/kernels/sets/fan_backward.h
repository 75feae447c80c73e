// SPDX-License-Identifier: Apache-2.0
#pragma once

// The way back through a fan, for the images of one group. Between the three steps the sums that
// pass the batch norms are added up over all groups.

#include "kernels/sets/fan_forward.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

template <typename S>
void clear(Array<S> sums, bool condition, int64_t count) {
  if (condition && sums) {
    fill_zero(sums, count);
  }
}

/// First step: what the gradients of the targets say of each term.
template <typename S>
void backward_targets(const FanArrays<S>& fan, int64_t group) {
  each_image(fan, group, [&](const ImagePlace& place) {
    for (int64_t b = 0; b < fan.out_blocks; ++b) {
      const int64_t at = (place.image * fan.out_blocks + b) * fan.out.pixels() * kLanes;
      each_chunk(fan.out, [&](const RowChunk& chunk) {
        for (int k = 0; k < fan.term_count; ++k) {
          const TermArrays<S>& term = fan.terms[k];
          const auto slope = at_block(term.slope, b, group * fan.out_blocks + b);
          clear(slope.sum, place.first_of_group && chunk.first == 0, kLanes);
          clear(slope.dot, place.first_of_group && chunk.first == 0, kLanes);
          const int64_t from = at + chunk.first * chunk.width * kLanes;
          add_slope(fan.targets[term.target].arriving + from, term.values + from, chunk.pixels(),
                    slope, factor_of(term.factors, place.image));
        }
      });
    }
  });
}

template <typename S, int kKernel>
void depthwise_weight_plane(const ConvolutionArrays<S>& c, Array<S> padded, Array<S> flowing,
                            Array<S> sums, int64_t border) {
  const ConvolutionShape& shape = c.shape;
  const RowStep step{c.out.width, shape.stride, 1};
  for (int64_t row = 0; row < c.out.height; ++row) {
    const Array<S> g = flowing + (row * (c.out.width + 2 * border) + border) * kLanes;
    for (int64_t i = 0; i < kKernel; ++i) {
      const int64_t from = row * shape.stride + i * shape.dilation - shape.radius();
      if (from >= 0 && from < c.in.height) {
        const int64_t at = from * (c.in.width + 2 * border) + border - shape.radius();
        depthwise_weight_row<S, kKernel>(padded + at * kLanes, g, sums + i * kKernel * kLanes, step,
                                         shape.dilation);
      }
    }
  }
}

template <typename S>
void add_depthwise_gradient(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                            const ScratchArrays<S>& scratch, const ImagePlace& place) {
  const int64_t taps = c.shape.kernel * c.shape.kernel * kLanes;
  const Array<S> sums = c.depthwise_gradient + place.group * c.in_blocks * taps;
  clear(sums, place.first_of_group, c.in_blocks * taps);
  for (int64_t b = 0; b < c.in_blocks; ++b) {
    const Array<S> padded =
        scratch.padded + b * c.in.height * (c.in.width + 2 * fan.border) * kLanes;
    const Array<S> flowing =
        scratch.flowing + b * c.out.height * (c.out.width + 2 * fan.border) * kLanes;
    const auto plane = c.shape.kernel == 3   ? depthwise_weight_plane<S, 3>
                       : c.shape.kernel == 5 ? depthwise_weight_plane<S, 5>
                                             : depthwise_weight_plane<S, 7>;
    plane(c, padded, flowing, sums + b * taps, fan.border);
  }
}

/// From the grids to the pixels of the rectified input.
template <typename S>
void flow_back_grids(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                     const ScratchArrays<S>& scratch) {
  const int64_t step = c.shape.grid_step();
  for (int64_t b = 0; b < c.middle_blocks; ++b) {
    const int64_t grid = b / c.in_blocks;
    const int64_t first = c.shape.first_column(grid);
    for (int64_t i = 0; i < c.out.height; ++i) {
      const int64_t row = step * i + c.shape.first_row(grid);
      if (row < 0 || row >= c.in.height) {
        continue;
      }
      const Array<S> to =
          scratch.rectified + (b % c.in_blocks * c.in.height + row) * c.in.width * kLanes;
      const Array<S> from =
          scratch.flowing +
          ((b * c.out.height + i) * (c.out.width + 2 * fan.border) + fan.border) * kLanes;
      for (int64_t j = 0; j < c.out.width; ++j) {
        const int64_t column = step * j + first;
        if (column >= 0 && column < c.in.width) {
          const Array<S> at = to + column * kLanes;
          store(at, load(at) + load(from + j * kLanes));
        }
      }
    }
  }
}

/// Back through a depthwise convolution to the rectified input. @param add to what is there.
template <typename S>
void flow_back_depthwise(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                         const ScratchArrays<S>& scratch, bool add) {
  const int64_t width = c.out.width + 2 * fan.border;
  const int64_t stride = c.shape.stride;
  const int64_t weights = c.shape.kernel * c.shape.kernel * kLanes;
  const auto convolve_row = add ? depthwise_row<S, true> : depthwise_row<S, false>;
  for (Phase phase; phase.row < stride; ++phase.row) {
    for (phase.column = 0; phase.column < stride; ++phase.column) {
      const Taps taps = taps_of_input(c.shape, width, fan.border, phase);
      const RowStep step{(c.in.width - phase.column + stride - 1) / stride, 1, stride};
      for (int64_t row = phase.row; row < c.in.height; row += stride) {
        const int64_t begin = row / stride;
        const TapRange range = taps.inside(begin, c.out.height);
        for (int64_t b = 0; b < c.in_blocks; ++b) {
          const int64_t to = b * c.in.pixels() + row * c.in.width + phase.column;
          convolve_row(range, scratch.flowing + (b * c.out.height + begin) * width * kLanes,
                       c.depthwise + b * weights, scratch.rectified + to * kLanes, step);
        }
      }
    }
  }
}

/// What is asked for of the way back through a convolution.
struct BackRequest {
  bool to_input = true;
  /// To what other convolutions have left there.
  bool add_to_input = false;
};

/// A chunk of rows of the way back: from behind the batch norm to its output, and from there to the
/// gradient of the 1×1 convolution and to the middle (in the scratch memory), or, where that is the
/// input itself, to the rectified input.
template <typename S>
void convolve_back_rows(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                        const ScratchArrays<S>& scratch, const ImagePlace& place,
                        const RowChunk& chunk, const BackRequest& request) {
  const int64_t from = chunk.first * chunk.width * kLanes;
  const BlockRows<S> g{scratch.output, chunk.pixels() * kLanes};
  for (int64_t b = 0; b < c.out_blocks; ++b) {
    const int64_t at = (place.image * c.out_blocks + b) * c.out.pixels() * kLanes + from;
    pass_norm(c.arriving + at, c.output + at, chunk.pixels(), at_block(c.slope, b, 0),
              factor_of(c.factors, place.image), g.start + b * g.stride);
  }
  if (c.pointwise_gradient) {
    const int64_t size = c.middle_blocks * kLanes * c.out_blocks * kLanes;
    const Array<S> sums = c.pointwise_gradient + place.group * size;
    clear(sums, place.first_of_group && chunk.first == 0, size);
    const BlockRows<S> middle = middle_rows(fan, c, scratch, place, chunk);
    if (!c.middle) {
      gather(fan, c, scratch, chunk, middle);
    }
    pointwise_weight_row(middle, {c.middle_blocks, c.middle_channels}, g, c.out_blocks, sums,
                         chunk.pixels());
  }
  const UsedChannels used{c.out_blocks, c.out_channels};
  if (c.shape.gather == Gather::kDirect) {
    if (request.to_input) {
      const auto multiply = request.add_to_input ? pointwise_row<S, true> : pointwise_row<S, false>;
      multiply(g, used, c.transposed, {scratch.rectified + from, c.in.pixels() * kLanes},
               c.middle_blocks, chunk.pixels());
    }
  } else if (request.to_input || c.depthwise_gradient) {
    const int64_t width = c.out.width + 2 * fan.border;
    for (int64_t i = 0; i < chunk.rows; ++i) {
      pointwise_row<S, false>({g.start + i * chunk.width * kLanes, g.stride}, used, c.transposed,
                              {scratch.flowing + ((chunk.first + i) * width + fan.border) * kLanes,
                               c.out.height * width * kLanes},
                              c.middle_blocks, chunk.width);
    }
  }
}

/// Back through one convolution of one image, whose rectified input is in the scratch memory: the
/// weights' gradients, and that of the input.
template <typename S>
void convolve_back(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                   const ScratchArrays<S>& scratch, const ImagePlace& place,
                   const BackRequest& request) {
  each_chunk(c.out, [&](const RowChunk& chunk) {
    convolve_back_rows(fan, c, scratch, place, chunk, request);
  });
  if (c.depthwise_gradient) {
    add_depthwise_gradient(fan, c, scratch, place);
  }
  if (!request.to_input) {
    return;
  }
  if (c.shape.gather == Gather::kDepthwise) {
    flow_back_depthwise(fan, c, scratch, request.add_to_input);
  } else if (c.shape.gather != Gather::kDirect) {
    if (!request.add_to_input) {
      fill_zero(scratch.rectified, c.in_blocks * c.in.pixels() * kLanes);
    }
    flow_back_grids(fan, c, scratch);
  }
}

/// Keeps what goes back through the ReLU for the convolution before, with the sums for its norm.
template <typename S>
void hand_on(const FanArrays<S>& fan, const ConvolutionArrays<S>& before,
             const ScratchArrays<S>& scratch, const ImagePlace& place) {
  const PlaneSize size = before.out;
  for (int64_t b = 0; b < before.out_blocks; ++b) {
    const int64_t at = (place.image * before.out_blocks + b) * size.pixels() * kLanes;
    const auto slope = at_block(before.slope, b, place.group * before.out_blocks + b);
    clear(slope.sum, place.first_of_group, kLanes);
    clear(slope.dot, place.first_of_group, kLanes);
    const Vector<S> mean = load(slope.mean);
    for (int64_t i = 0; i < size.height; ++i) {
      const int64_t row = b * size.height + i;
      const Array<S> x =
          scratch.padded + (row * (size.width + 2 * fan.border) + fan.border) * kLanes;
      const Array<S> g = scratch.rectified + row * size.width * kLanes;
      const int64_t from = at + i * size.width * kLanes;
      const TwoSums<S> added(
          size.width, [&](Vector<S>& sum, Vector<S>& dot, int64_t j) SANAS_INLINE_LAMBDA {
            const int64_t pixel = j * kLanes;
            const Vector<S> passed = through_relu<S>(load(x + pixel), load(g + pixel));
            store(before.arriving + from + pixel, passed);
            sum = sum + passed;
            dot = dot + passed * (load(before.output + from + pixel) - mean);
          });
      store(slope.sum, load(slope.sum) + added.first);
      store(slope.dot, load(slope.dot) + added.second);
    }
  }
}

/// Second step: the convolutions that have read normalised outputs of others.
template <typename S>
void backward_inner(const FanArrays<S>& fan, int64_t group, const ScratchArrays<S>& scratch) {
  clear_borders(scratch.padded, fan.out_blocks * fan.out.height, fan.out.width, fan.border);
  clear_borders(scratch.flowing, fan.out_blocks * fan.out.height, fan.out.width, fan.border);
  each_image(fan, group, [&](const ImagePlace& place) {
    for (int k = 0; k < fan.convolution_count; ++k) {
      const ConvolutionArrays<S>& c = fan.convolutions[k];
      if (c.input < 0) {
        continue;
      }
      const ConvolutionArrays<S>& before = fan.convolutions[c.input];
      copy_normalized(fan, before, scratch, place);
      convolve_back(fan, c, scratch, place, {});
      hand_on(fan, before, scratch, place);
    }
  });
}

/// Some terms that look at the same values y: their gradients at a pixel in one.
template <typename S>
struct JointTerms {
  static constexpr int kMost = 8;

  int count = 0;
  Array<S> arriving[kMost];
  Vector<S> along[kMost];
  Vector<S> mean = zero<S>();
  Vector<S> across = zero<S>();
  Vector<S> constant = zero<S>();

  /// Without what the batch norms add.
  SANAS_ALWAYS_INLINE Vector<S> linear(int64_t pixel) const {
    Vector<S> g = zero<S>();
    for (int k = 0; k < count; ++k) {
      g = g + load(arriving[k] + pixel) * along[k];
    }
    return g;
  }
  SANAS_ALWAYS_INLINE Vector<S> gradient(int64_t pixel, const Vector<S>& y) const {
    return linear(pixel) + ((y - mean) * across + constant);
  }
};

/// The next ones of block `block` of an image, from term `next` on, for which belongs(term) holds.
template <typename S, typename Belongs>
JointTerms<S> next_terms(const FanArrays<S>& fan, int64_t block, const ImagePlace& place, int& next,
                         Belongs belongs) {
  JointTerms<S> terms;
  for (; next < fan.term_count && terms.count < JointTerms<S>::kMost; ++next) {
    const TermArrays<S>& term = fan.terms[next];
    if (belongs(term)) {
      const auto slope = at_block(term.slope, block, 0);
      const Vector<S> factor = constant<S>(factor_of(term.factors, place.image));
      const Vector<S> mean = load(slope.mean);
      const Vector<S> across = load(slope.across);
      terms.mean = terms.count == 0 ? mean : terms.mean;  // mostly the same for all
      terms.across = terms.across + across;
      terms.constant = terms.constant + (load(slope.constant) + (terms.mean - mean) * across);
      terms.arriving[terms.count] = fan.targets[term.target].arriving;
      terms.along[terms.count++] = load(slope.along) * factor;
    }
  }
  return terms;
}

/// Adds the gradient of a pooling of one block, of some of its terms, to that of the source.
template <typename S>
void unpool_terms(const FanArrays<S>& fan, const PoolArrays<S>& pool, const JointTerms<S>& terms,
                  int64_t block, Array<S> gradient, const ImagePlace& place) {
  const int64_t at = (place.image * fan.blocks + block) * fan.out.pixels() * kLanes;
  const int64_t width = fan.in.width;
  if (pool.kind == PoolKind::kAverage) {
    each_window(fan.in, fan.out, fan.stride,
                [&]<bool kWhole>(const PoolWindow& window, int64_t pixel) SANAS_INLINE_LAMBDA {
                  const Vector<S> g = terms.gradient(at + pixel, load(pool.output + at + pixel));
                  unpool_average<S, kWhole>(window, g, gradient, width);
                });
    return;
  }
  const Array<S> source =
      image_of(fan.source, place.image, fan.blocks, fan.in) + block * fan.in.pixels() * kLanes;
  const auto unpool = [&]<bool kNumbers>() {
    each_window(fan.in, fan.out, fan.stride,
                [&]<bool kWhole>(const PoolWindow& window, int64_t pixel) SANAS_INLINE_LAMBDA {
                  const Vector<S> g = terms.gradient(at + pixel, load(pool.output + at + pixel));
                  unpool_largest<S, kWhole, kNumbers>(window, g, source, gradient, width);
                });
  };
  if (are_numbers(source, fan.in.pixels())) {
    unpool.template operator()<true>();
  } else {
    unpool.template operator()<false>();
  }
}

/// The gradient of the source: what comes back from convolutions, the source's own terms, the
/// poolings.
template <typename S>
void finish_source(const FanArrays<S>& fan, const ScratchArrays<S>& scratch,
                   const ImagePlace& place) {
  const int64_t size = fan.in.pixels() * kLanes;
  for (int64_t b = 0; b < fan.blocks; ++b) {
    const int64_t at = (place.image * fan.blocks + b) * size;
    const Array<S> gradient = fan.source_gradient + at;
    const Array<S> rectified = scratch.rectified + b * size;
    for (int64_t p = 0; p < size; p += kLanes) {
      const Vector<S> g = load(rectified + p);
      store(gradient + p, fan.rectified ? through_relu<S>(load(fan.source + at + p), g) : g);
    }
    const auto is_own = [](const auto& term) { return term.convolution < 0 && term.pool < 0; };
    for (int next = 0; next < fan.term_count;) {
      const JointTerms<S> own = next_terms(fan, b, place, next, is_own);
      for (int64_t p = 0; own.count > 0 && p < size; p += kLanes) {
        store(gradient + p, load(gradient + p) + own.linear(at + p));
      }
    }
    for (int k = 0; k < fan.pool_count; ++k) {
      const auto is_of_pool = [k](const auto& term) { return term.pool == k; };
      for (int next = 0; next < fan.term_count;) {
        const JointTerms<S> terms = next_terms(fan, b, place, next, is_of_pool);
        if (terms.count > 0) {
          unpool_terms(fan, fan.pools[k], terms, b, gradient, place);
        }
      }
    }
  }
}

/// Third step: whatever has read the source.
template <typename S>
void backward_source(const FanArrays<S>& fan, int64_t group, const ScratchArrays<S>& scratch) {
  const bool to_source = static_cast<bool>(fan.source_gradient);
  clear_borders(scratch.padded, fan.blocks * fan.in.height, fan.in.width, fan.border);
  int64_t flowing_blocks = 0;
  for (int k = 0; k < fan.convolution_count; ++k) {
    const int64_t blocks = fan.convolutions[k].middle_blocks;
    flowing_blocks = blocks > flowing_blocks ? blocks : flowing_blocks;
  }
  clear_borders(scratch.flowing, flowing_blocks * fan.out.height, fan.out.width, fan.border);
  each_image(fan, group, [&](const ImagePlace& place) {
    copy_source(fan, scratch, place);
    bool begun = false;
    for (int k = 0; k < fan.convolution_count; ++k) {
      if (fan.convolutions[k].input < 0) {
        convolve_back(fan, fan.convolutions[k], scratch, place, {to_source, begun});
        begun = true;
      }
    }
    if (to_source) {
      if (!begun) {
        fill_zero(scratch.rectified, fan.blocks * fan.in.pixels() * kLanes);
      }
      finish_source(fan, scratch, place);
    }
  });
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
