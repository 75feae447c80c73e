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

/// From the two grids to the pixels of the rectified input.
template <typename S>
void flow_back_grids(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                     const ScratchArrays<S>& scratch) {
  for (int64_t b = 0; b < c.middle_blocks; ++b) {
    const int64_t shift = b / c.in_blocks;
    const Array<S> to = scratch.rectified + b % c.in_blocks * c.in.pixels() * kLanes;
    for (int64_t i = 0; i < c.out.height && 2 * i + shift < c.in.height; ++i) {
      for (int64_t j = 0; j < c.out.width && 2 * j + shift < c.in.width; ++j) {
        const Array<S> at = to + ((2 * i + shift) * c.in.width + 2 * j + shift) * kLanes;
        const int64_t row = b * c.out.height + i;
        const int64_t from = row * (c.out.width + 2 * fan.border) + fan.border + j;
        store(at, load(at) + load(scratch.flowing + from * kLanes));
      }
    }
  }
}

/// Back through a depthwise convolution to the rectified input. @param add to what is there.
template <typename S>
void flow_back_depthwise(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                         const ScratchArrays<S>& scratch, bool add) {
  const int64_t plane = c.out.height * (c.out.width + 2 * fan.border) * kLanes;
  const int64_t stride = c.shape.stride;
  const int64_t weights = c.shape.kernel * c.shape.kernel * kLanes;
  const auto convolve_row = add ? depthwise_row<S, true> : depthwise_row<S, false>;
  for (int64_t row = 0; row < c.in.height; ++row) {
    for (int64_t phase = 0; phase < stride; ++phase) {
      const Taps taps = taps_of_input(c.shape, c.out, fan.border, row, phase);
      const RowStep step{(c.in.width - phase + stride - 1) / stride, 1, stride};
      for (int64_t b = 0; b < c.in_blocks; ++b) {
        convolve_row(taps, scratch.flowing + b * plane, c.depthwise + b * weights,
                     scratch.rectified + (b * c.in.pixels() + row * c.in.width + phase) * kLanes,
                     step);
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
  } else if (c.shape.gather == Gather::kTwoGrids) {
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
      Vector<S> sum = zero<S>();
      Vector<S> dot = zero<S>();
      for (int64_t j = 0; j < size.width * kLanes; j += kLanes) {
        const Vector<S> passed = through_relu<S>(load(x + j), load(g + j));
        store(before.arriving + from + j, passed);
        sum = sum + passed;
        dot = dot + passed * (load(before.output + from + j) - mean);
      }
      store(slope.sum, load(slope.sum) + sum);
      store(slope.dot, load(slope.dot) + dot);
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
      rectify_image(image_of(before.output, place.image, before.out_blocks, before.out),
                    before.out_blocks, before.out, before.norm, fan, scratch);
      convolve_back(fan, c, scratch, place, {});
      hand_on(fan, before, scratch, place);
    }
  });
}

/// Adds the gradient of a pooling of one block, all its terms together, to that of the source.
template <typename S>
void pool_back(const FanArrays<S>& fan, int number, int64_t block, Array<S> gradient,
               const ImagePlace& place) {
  const PoolArrays<S>& pool = fan.pools[number];
  const int64_t at = (place.image * fan.blocks + block) * fan.out.pixels() * kLanes;
  const Array<S> source =
      image_of(fan.source, place.image, fan.blocks, fan.in) + block * fan.in.pixels() * kLanes;
  for (int64_t i = 0; i < fan.out.height; ++i) {
    for (int64_t j = 0; j < fan.out.width; ++j) {
      const int64_t pixel = at + (i * fan.out.width + j) * kLanes;
      const Vector<S> y = load(pool.output + pixel);
      Vector<S> g = zero<S>();
      for (int k = 0; k < fan.term_count; ++k) {
        const TermArrays<S>& term = fan.terms[k];
        if (term.pool == number) {
          const auto slope = at_block(term.slope, block, 0);
          const Vector<S> factor = constant<S>(factor_of(term.factors, place.image));
          g = g + load(fan.targets[term.target].arriving + pixel) * (load(slope.along) * factor) +
              ((y - load(slope.mean)) * load(slope.across) + load(slope.constant));
        }
      }
      unpool(pool.kind, PoolWindow(fan.in, fan.stride, i, j), g, source, gradient, fan.in.width);
    }
  }
}

/// The gradient of the source: what comes through the ReLU, the source's own terms, the poolings.
template <typename S>
void finish_source(const FanArrays<S>& fan, const ScratchArrays<S>& scratch,
                   const ImagePlace& place) {
  for (int64_t b = 0; b < fan.blocks; ++b) {
    const int64_t at = (place.image * fan.blocks + b) * fan.in.pixels() * kLanes;
    const Array<S> gradient = fan.source_gradient + at;
    for (int64_t p = 0; p < fan.in.pixels() * kLanes; p += kLanes) {
      const Array<S> rectified = scratch.rectified + b * fan.in.pixels() * kLanes + p;
      Vector<S> g = through_relu<S>(load(fan.source + at + p), load(rectified));
      for (int k = 0; k < fan.term_count; ++k) {
        const TermArrays<S>& term = fan.terms[k];
        if (term.convolution < 0 && term.pool < 0) {
          const Vector<S> factor = constant<S>(factor_of(term.factors, place.image));
          g = g + load(fan.targets[term.target].arriving + at + p) *
                      (load(term.slope.along + b * kLanes) * factor);
        }
      }
      store(gradient + p, g);
    }
    for (int k = 0; k < fan.pool_count; ++k) {
      pool_back(fan, k, b, gradient, place);
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
    rectify_image(image_of(fan.source, place.image, fan.blocks, fan.in), fan.blocks, fan.in, {},
                  fan, scratch);
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
