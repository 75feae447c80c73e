// SPDX-License-Identifier: Apache-2.0
#include "kernels/blocked_weights.h"

#include <algorithm>

namespace sanas::kernels {
namespace {

/// Adds the arrays of all groups to the first one, in their order.
template <typename T>
void add_groups(T* packed, int64_t groups, int64_t size) {
  for (int64_t g = 1; g < groups; ++g) {
    const T* more = packed + g * size;
    for (int64_t i = 0; i < size; ++i) {
      packed[i] += more[i];
    }
  }
}

/// Where a weight is: in which tensor, at which place.
struct WeightPlace {
  size_t tensor;
  int64_t at;
};

/// Calls visit(row of the matrix, column, WeightPlace) for all weights.
template <typename Visit>
void each_pointwise(const PointwiseLanes& lanes, const std::vector<torch::Tensor>& weights,
                    Visit visit) {
  const torch::Tensor& first = weights.front();
  const int64_t outputs = first.size(0);
  const int64_t inputs = first.size(1);
  const int64_t taps = first.size(2) * first.size(3);
  const auto in = static_cast<int64_t>(lanes.in.size());
  for (int64_t grid = 0; grid < lanes.grids; ++grid) {
    const int64_t tensor = grid / taps;
    for (int64_t i = 0; i < in; ++i) {
      const int64_t channel = lanes.in[static_cast<size_t>(i)];
      for (int64_t o = 0; channel >= 0 && o < lanes.columns(); ++o) {
        const int64_t output = lanes.out[static_cast<size_t>(o)] - tensor * outputs;
        if (lanes.out[static_cast<size_t>(o)] >= 0 && output >= 0 && output < outputs) {
          visit(grid * in + i, o,
                WeightPlace{static_cast<size_t>(tensor),
                            (output * inputs + channel) * taps + grid % taps});
        }
      }
    }
  }
}

}  // namespace

std::vector<int64_t> lane_channels(const ChannelLayout& layout) {
  std::vector<int64_t> result;
  for (int64_t segment = 0; segment < layout.segments; ++segment) {
    for (int64_t lane = 0; lane < layout.segment_blocks() * kLanes; ++lane) {
      result.push_back(lane < layout.channels ? segment * layout.channels + lane : -1);
    }
  }
  return result;
}

std::vector<int> used_lanes(const ChannelLayout& layout) {
  std::vector<int> result;
  for (int64_t block = 0; block < layout.blocks(); ++block) {
    const int64_t before = block % layout.segment_blocks() * kLanes;
    result.push_back(static_cast<int>(std::min<int64_t>(kLanes, layout.channels - before)));
  }
  return result;
}

template <typename T>
void pack_depthwise(const torch::Tensor& weight, const std::vector<int64_t>& lanes, T* packed) {
  const auto contiguous = weight.contiguous();
  const T* from = contiguous.template data_ptr<T>();
  const int64_t taps = weight.size(2) * weight.size(3);
  std::fill(packed, packed + static_cast<int64_t>(lanes.size()) * taps, T{0});
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    const auto block = static_cast<int64_t>(lane) / kLanes;
    T* to = packed + block * taps * kLanes + static_cast<int64_t>(lane) % kLanes;
    for (int64_t tap = 0; lanes[lane] >= 0 && tap < taps; ++tap) {
      to[tap * kLanes] = from[lanes[lane] * taps + tap];
    }
  }
}

template <typename T>
void unpack_depthwise(T* packed, int64_t groups, const std::vector<int64_t>& lanes,
                      const torch::Tensor& weight) {
  const int64_t taps = weight.size(2) * weight.size(3);
  add_groups(packed, groups, static_cast<int64_t>(lanes.size()) * taps);
  T* to = weight.template data_ptr<T>();
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    const auto block = static_cast<int64_t>(lane) / kLanes;
    const T* from = packed + block * taps * kLanes + static_cast<int64_t>(lane) % kLanes;
    for (int64_t tap = 0; lanes[lane] >= 0 && tap < taps; ++tap) {
      to[lanes[lane] * taps + tap] = from[tap * kLanes];
    }
  }
}

template <typename T>
void pack_pointwise(const std::vector<torch::Tensor>& weights, const PointwiseLanes& lanes,
                    T* packed, T* transposed) {
  std::fill(packed, packed + lanes.rows() * lanes.columns(), T{0});
  if (transposed != nullptr) {
    std::fill(transposed, transposed + lanes.rows() * lanes.columns(), T{0});
  }
  std::vector<torch::Tensor> contiguous;
  for (const auto& weight : weights) {
    contiguous.push_back(weight.contiguous());
  }
  each_pointwise(lanes, weights, [&](int64_t i, int64_t o, const WeightPlace& place) {
    const T w = contiguous[place.tensor].template data_ptr<T>()[place.at];
    packed[i * lanes.columns() + o] = w;
    if (transposed != nullptr) {
      transposed[o * lanes.rows() + i] = w;
    }
  });
}

template <typename T>
void unpack_pointwise(T* packed, int64_t groups, const PointwiseLanes& lanes,
                      const std::vector<torch::Tensor>& weights) {
  add_groups(packed, groups, lanes.rows() * lanes.columns());
  std::vector<T*> to;
  for (const auto& weight : weights) {
    to.push_back(weight.template data_ptr<T>());
  }
  each_pointwise(lanes, weights, [&](int64_t i, int64_t o, const WeightPlace& place) {
    to[place.tensor][place.at] = packed[i * lanes.columns() + o];
  });
}

template void pack_depthwise(const torch::Tensor&, const std::vector<int64_t>&, float*);
template void pack_depthwise(const torch::Tensor&, const std::vector<int64_t>&, double*);
template void unpack_depthwise(float*, int64_t, const std::vector<int64_t>&, const torch::Tensor&);
template void unpack_depthwise(double*, int64_t, const std::vector<int64_t>&, const torch::Tensor&);
template void pack_pointwise(const std::vector<torch::Tensor>&, const PointwiseLanes&, float*,
                             float*);
template void pack_pointwise(const std::vector<torch::Tensor>&, const PointwiseLanes&, double*,
                             double*);
template void unpack_pointwise(float*, int64_t, const PointwiseLanes&,
                               const std::vector<torch::Tensor>&);
template void unpack_pointwise(double*, int64_t, const PointwiseLanes&,
                               const std::vector<torch::Tensor>&);

}  // namespace sanas::kernels
