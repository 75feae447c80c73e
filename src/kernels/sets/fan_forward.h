// SPDX-License-Identifier: Apache-2.0
#pragma once

// The way forward through a fan, for the images of one group. Between the three steps the batch
// norms' sums of all groups are added up.

#include "kernels/sets/depthwise.h"
#include "kernels/sets/elementwise.h"
#include "kernels/sets/pointwise.h"
#include "kernels/sets/pooling.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

/// The image that a step is at.
struct ImagePlace {
  int64_t image = 0;
  int64_t group = 0;
  bool first_of_group = false;
};

/// Calls visit(ImagePlace) for the images of a group.
template <typename S, typename Visit>
void each_image(const FanArrays<S>& fan, int64_t group, Visit visit) {
  const int64_t first = fan.first_image(group);
  for (int64_t n = first; n < fan.first_image(group + 1); ++n) {
    visit(ImagePlace{n, group, n == first});
  }
}

/// Image `image` of an array of images of `blocks` blocks.
template <typename S>
SANAS_ALWAYS_INLINE Array<S> image_of(Array<S> array, int64_t image, int64_t blocks,
                                      PlaneSize size) {
  return array + image * blocks * size.pixels() * kLanes;
}

/// Rows that are worked on together, while they are in the nearest cache.
struct RowChunk {
  int64_t first = 0;
  int64_t rows = 0;
  int64_t width = 0;

  int64_t pixels() const { return rows * width; }
};

/// Rows of a chunk: enough pixels to make starting and ending a loop over them cheap.
inline int64_t chunk_rows(PlaneSize size) {
  const int64_t rows = size.width < kChunkPixels ? kChunkPixels / size.width : 1;
  return rows < size.height ? rows : size.height;
}

/// Calls visit(RowChunk) for all rows.
template <typename Visit>
void each_chunk(PlaneSize size, Visit visit) {
  const int64_t most = chunk_rows(size);
  for (int64_t first = 0; first < size.height; first += most) {
    const int64_t left = size.height - first;
    visit(RowChunk{first, left < most ? left : most, size.width});
  }
}

/// Row `row` of what a depthwise convolution makes of the rectified input `padded`.
template <typename S>
void gather_depthwise(const ConvolutionArrays<S>& c, const Taps& taps, Array<S> padded,
                      int64_t border, int64_t row, const BlockRows<S>& to) {
  const int64_t width = c.in.width + 2 * border;
  const int64_t begin = row * c.shape.stride;
  const TapRange range = taps.inside(begin, c.in.height);
  const RowStep step{c.out.width, c.shape.stride, 1};
  const int64_t weights = c.shape.kernel * c.shape.kernel * kLanes;
  for (int64_t b = 0; b < c.in_blocks; ++b) {
    depthwise_row<S, false>(range, padded + (b * c.in.height + begin) * width * kLanes,
                            c.depthwise + b * weights, to.start + b * to.stride, step);
  }
}

/// Row `row` of the pixels themselves, or of the grids of pixels one behind the other.
template <typename S>
void gather_pixels(const ConvolutionArrays<S>& c, Array<S> padded, int64_t border, int64_t row,
                   const BlockRows<S>& to) {
  const int64_t width = c.in.width + 2 * border;
  const int64_t step = c.shape.grid_step();
  for (int64_t b = 0; b < c.middle_blocks; ++b) {
    const int64_t grid = b / c.in_blocks;
    const int64_t from = step * row + c.shape.first_row(grid);
    const int64_t first = c.shape.first_column(grid);
    const bool row_inside = from >= 0 && from < c.in.height;
    const Array<S> source =
        padded +
        ((b % c.in_blocks * c.in.height + (row_inside ? from : 0)) * width + border) * kLanes;
    const Array<S> pixels = to.start + b * to.stride;
    for (int64_t j = 0; j < c.out.width; ++j) {
      const int64_t column = step * j + first;
      const bool inside = row_inside && column >= 0 && column < c.in.width;
      store(pixels + j * kLanes, inside ? load(source + column * kLanes) : zero<S>());
    }
  }
}

/// Where the 1×1 convolution finds what it sees of a chunk.
template <typename S>
BlockRows<S> middle_rows(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
                         const ScratchArrays<S>& scratch, const ImagePlace& place,
                         const RowChunk& chunk) {
  const int64_t from = chunk.first * chunk.width * kLanes;
  if (c.shape.gather == Gather::kDirect && fan.border == 0) {
    return {scratch.padded + from, c.in.pixels() * kLanes};
  }
  if (c.middle) {
    return {image_of(c.middle, place.image, c.middle_blocks, c.out) + from,
            c.out.pixels() * kLanes};
  }
  return {scratch.middle, chunk.pixels() * kLanes};
}

/// Puts there what it sees, from the rectified input in the scratch memory.
template <typename S>
void gather(const FanArrays<S>& fan, const ConvolutionArrays<S>& c, const ScratchArrays<S>& scratch,
            const RowChunk& chunk, const BlockRows<S>& middle) {
  if (c.shape.gather == Gather::kDirect && fan.border == 0) {
    return;  // it is there
  }
  const auto each_row = [&](auto gather_row) {
    for (int64_t i = 0; i < chunk.rows; ++i) {
      gather_row(chunk.first + i, {middle.start + i * chunk.width * kLanes, middle.stride});
    }
  };
  if (c.shape.gather == Gather::kDepthwise) {
    const Taps taps = taps_of_output(c.shape, c.in.width + 2 * fan.border, fan.border);
    each_row([&](int64_t row, const BlockRows<S>& to) {
      gather_depthwise(c, taps, scratch.padded, fan.border, row, to);
    });
  } else {
    each_row([&](int64_t row, const BlockRows<S>& to) {
      gather_pixels(c, scratch.padded, fan.border, row, to);
    });
  }
}

/// One convolution of one image, with the sums for its batch norm.
template <typename S>
void convolve(const FanArrays<S>& fan, const ConvolutionArrays<S>& c,
              const ScratchArrays<S>& scratch, const ImagePlace& place) {
  const UsedChannels used{c.middle_blocks, c.middle_channels};
  const Array<S> output = image_of(c.output, place.image, c.out_blocks, c.out);
  each_chunk(c.out, [&](const RowChunk& chunk) {
    const BlockRows<S> middle = middle_rows(fan, c, scratch, place, chunk);
    gather(fan, c, scratch, chunk, middle);
    const BlockRows<S> rows{output + chunk.first * chunk.width * kLanes, c.out.pixels() * kLanes};
    pointwise_row<S, false>(middle, used, c.pointwise, rows, c.out_blocks, chunk.pixels());
    for (int64_t b = 0; c.statistics.sum && b < c.out_blocks; ++b) {
      add_statistics(rows.start + b * rows.stride, chunk.pixels(),
                     at_block(c.statistics, place.group * c.out_blocks + b),
                     place.first_of_group && chunk.first == 0);
    }
  });
}

/// Copies the source, through the ReLU where there is one, into the scratch memory.
template <typename S>
void copy_source(const FanArrays<S>& fan, const ScratchArrays<S>& scratch,
                 const ImagePlace& place) {
  const Array<S> source = image_of(fan.source, place.image, fan.blocks, fan.in);
  const auto copy = fan.rectified ? copy_padded<S, Rectify> : copy_padded<S, Keep>;
  copy(source, fan.blocks, fan.in, {}, scratch.padded, fan.border);
}

/// Copies the normalised output of a convolution through the ReLU into the scratch memory.
template <typename S>
void copy_normalized(const FanArrays<S>& fan, const ConvolutionArrays<S>& before,
                     const ScratchArrays<S>& scratch, const ImagePlace& place) {
  copy_padded<S, NormalizeAndRectify>(
      image_of(before.output, place.image, before.out_blocks, before.out), before.out_blocks,
      before.out, before.norm, scratch.padded, fan.border);
}

template <typename S>
void pool_image(const FanArrays<S>& fan, const PoolArrays<S>& pool, Array<S> source,
                const ImagePlace& place) {
  const Array<S> output = image_of(pool.output, place.image, fan.blocks, fan.out);
  for (int64_t b = 0; b < fan.blocks; ++b) {
    const Array<S> plane = output + b * fan.out.pixels() * kLanes;
    pool_plane(pool.kind, source + b * fan.in.pixels() * kLanes, fan.in, plane, fan.out,
               fan.stride);
    if (pool.statistics.sum) {
      each_chunk(fan.out, [&](const RowChunk& chunk) {
        add_statistics(plane + chunk.first * chunk.width * kLanes, chunk.pixels(),
                       at_block(pool.statistics, place.group * fan.blocks + b),
                       place.first_of_group && chunk.first == 0);
      });
    }
  }
}

/// First step: whatever reads the source.
template <typename S>
void forward_source(const FanArrays<S>& fan, int64_t group, const ScratchArrays<S>& scratch) {
  clear_borders(scratch.padded, fan.blocks * fan.in.height, fan.in.width, fan.border);
  each_image(fan, group, [&](const ImagePlace& place) {
    copy_source(fan, scratch, place);
    for (int k = 0; k < fan.convolution_count; ++k) {
      if (fan.convolutions[k].input < 0) {
        convolve(fan, fan.convolutions[k], scratch, place);
      }
    }
    for (int k = 0; k < fan.pool_count; ++k) {
      pool_image(fan, fan.pools[k], image_of(fan.source, place.image, fan.blocks, fan.in), place);
    }
  });
}

/// Second step: the convolutions that read normalised outputs of others.
template <typename S>
void forward_inner(const FanArrays<S>& fan, int64_t group, const ScratchArrays<S>& scratch) {
  clear_borders(scratch.padded, fan.out_blocks * fan.out.height, fan.out.width, fan.border);
  each_image(fan, group, [&](const ImagePlace& place) {
    for (int k = 0; k < fan.convolution_count; ++k) {
      const ConvolutionArrays<S>& c = fan.convolutions[k];
      if (c.input >= 0) {
        copy_normalized(fan, fan.convolutions[c.input], scratch, place);
        convolve(fan, c, scratch, place);
      }
    }
  });
}

/// output = (start, or what is there already) + Σ scale · values + offset for one block.
template <typename S>
void add_terms(const FanArrays<S>& fan, int target, int64_t block, const ImagePlace& place) {
  constexpr int kMost = 8;  // at once
  const int64_t at = (place.image * fan.out_blocks + block) * fan.out.pixels() * kLanes;
  const TargetArrays<S>& to = fan.targets[target];
  Array<S> start = to.start ? to.start + at : Array<S>{};
  for (int next = 0; next < fan.term_count || !start;) {
    Array<S> values[kMost];
    Vector<S> scales[kMost];
    Vector<S> offset = zero<S>();
    int count = 0;
    for (; next < fan.term_count && count < kMost; ++next) {
      const TermArrays<S>& term = fan.terms[next];
      if (term.target == target) {
        const Vector<S> factor = constant<S>(factor_of(term.factors, place.image));
        const AffineArrays<S> affine = at_block(term.affine, block);
        values[count] = term.values + at;
        scales[count++] = load(affine.scale) * factor;
        offset = offset + load(affine.offset) * factor;
      }
    }
    for (int64_t p = 0; p < fan.out.pixels(); ++p) {
      Vector<S> sum = start ? load(start + p * kLanes) + offset : offset;
      for (int k = 0; k < count; ++k) {
        sum = sum + load(values[k] + p * kLanes) * scales[k];
      }
      store(to.output + at + p * kLanes, sum);
    }
    start = to.output + at;
  }
}

/// Third step: the sums of all targets.
template <typename S>
void forward_targets(const FanArrays<S>& fan, int64_t group) {
  each_image(fan, group, [&](const ImagePlace& place) {
    for (int t = 0; t < fan.target_count; ++t) {
      for (int64_t b = 0; b < fan.out_blocks; ++b) {
        add_terms(fan, t, b, place);
      }
    }
  });
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
