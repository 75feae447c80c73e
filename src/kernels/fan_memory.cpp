// SPDX-License-Identifier: Apache-2.0
// The memory of a fan at work: what is made, packed, kept for the way back, and used for a while.

#include <algorithm>
#include <array>
#include <numeric>

#include "kernels/fan_computation.h"
#include "kernels/worker_pool.h"

namespace sanas::kernels {
namespace {

/// Calls pack(parameters, packed array) for the values and, in duals, for the derivatives.
template <typename S, typename Pack>
void pack_both(const std::vector<Storage<S>>& weights, const Storage<S>& packed,
               const Storage<S>& transposed, Pack pack) {
  const auto part = [&](torch::Tensor Storage<S>::*which) {
    std::vector<torch::Tensor> tensors;
    for (const auto& weight : weights) {
      tensors.push_back(weight.*which);
    }
    const auto data = [&](const Storage<S>& storage) {
      return (storage.*which).defined() ? (storage.*which).template data_ptr<Real<S>>() : nullptr;
    };
    pack(tensors, data(packed), data(transposed));
  };
  part(&Storage<S>::value);
  if (kIsDual<S>) {
    part(&Storage<S>::tangent);
  }
}

}  // namespace

template <typename S>
void FanComputation<S>::make_room(const std::vector<bool>& weights) {
  const FanArrays<S>& f = arrays_;
  const int64_t output = f.images * f.out_blocks * f.out.pixels() * kLanes;
  const int64_t sums = f.groups * f.out_blocks * kLanes;
  const auto make_sums = [&](auto& memory) {
    if (memory.sum.defined()) {
      return;  // of a pooling that several edges share
    }
    memory.sum = make_storage<S>(sums);
    memory.square = make_storage<S>(sums);
    memory.shift = make_storage<Real<S>>(sums).value;
  };
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    const ConvolutionArrays<S>& c = convolutions_[k];
    ConvolutionMemory& memory = convolution_memory_[k];
    const int64_t matrix = c.middle_blocks * kLanes * c.out_blocks * kLanes;
    memory.pointwise = make_storage<S>(matrix);
    memory.transposed = make_storage<S>(matrix);
    if (c.shape.gather == Gather::kDepthwise) {
      memory.depthwise = make_storage<S>(c.in_blocks * kLanes * c.shape.kernel * c.shape.kernel);
    }
    // Patches are many, and easily gathered once more.
    if ((c.shape.gather == Gather::kDepthwise || c.shape.gather == Gather::kTwoGrids) &&
        weights[static_cast<size_t>(spec_.convolutions[k].pointwise)]) {
      memory.middle = make_storage<S>(f.images * c.middle_blocks * f.out.pixels() * kLanes);
    }
    memory.output = make_storage<S>(output);
    if (spec_.convolutions[k].norm.of_batch) {
      make_sums(memory);
    }
  }
  for (auto& memory : pool_memory_) {
    memory.output = make_storage<S>(output);
  }
  for (const auto& term : spec_.terms) {
    if (term.pool_norm && term.pool_norm->of_batch) {
      make_sums(pool_memory_[static_cast<size_t>(term.pool)]);
    }
  }
}

template <typename S>
void FanComputation<S>::pack(size_t number) {
  const ConvolutionSpec& spec = spec_.convolutions[number];
  ConvolutionMemory& memory = convolution_memory_[number];
  const auto at = [&](int parameter) -> const Storage<S>& {
    return input_.parameters[static_cast<size_t>(parameter)];
  };
  using T = Real<S>;
  if (spec.depthwise != kNone) {
    pack_both<S>({at(spec.depthwise)}, memory.depthwise, {},
                 [&](const auto& weights, T* packed, T* /*transposed*/) {
                   pack_depthwise(weights.front(), memory.in_lanes, packed);
                 });
  }
  std::vector<Storage<S>> grids{at(spec.pointwise)};
  if (spec.shifted_pointwise != kNone) {
    grids.push_back(at(spec.shifted_pointwise));
  }
  const PointwiseLanes lanes = pointwise_lanes(number);
  pack_both<S>(grids, memory.pointwise, memory.transposed,
               [&](const auto& weights, T* packed, T* transposed) {
                 pack_pointwise(weights, lanes, packed, transposed);
               });
}

template <typename S>
void FanComputation<S>::connect() {
  const auto statistics = [](const auto& memory) -> StatisticsArrays<S> {
    return {memory.shift.defined() ? memory.shift.template data_ptr<Real<S>>() : nullptr,
            memory.sum.array(), memory.square.array()};
  };
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    const ConvolutionMemory& memory = convolution_memory_[k];
    ConvolutionArrays<S>& c = convolutions_[k];
    c.depthwise = memory.depthwise.array();
    c.pointwise = memory.pointwise.array();
    c.transposed = memory.transposed.array();
    c.middle = memory.middle.array();
    c.output = memory.output.array();
    c.statistics = statistics(memory);
    if (memory.inner_norm) {
      c.norm = memory.inner_norm->affine();
    }
  }
  for (size_t k = 0; k < pools_.size(); ++k) {
    pools_[k].output = pool_memory_[k].output.array();
    pools_[k].statistics = statistics(pool_memory_[k]);
  }
  for (size_t k = 0; k < terms_.size(); ++k) {
    TermArrays<S>& term = terms_[k];
    term.values = term.convolution != kNone
                      ? convolutions_[static_cast<size_t>(term.convolution)].output
                  : term.pool != kNone ? pools_[static_cast<size_t>(term.pool)].output
                                       : arrays_.source;
    term.affine = term_norms_[k].affine();
  }
}

template <typename S>
template <typename Visit>
void FanComputation<S>::each_kept(Visit visit) {
  const auto both = [&](Storage<S>& storage) {
    visit(storage.value);
    visit(storage.tangent);
  };
  for (auto& m : convolution_memory_) {
    for (auto* storage :
         {&m.depthwise, &m.pointwise, &m.transposed, &m.middle, &m.output, &m.sum, &m.square}) {
      both(*storage);
    }
    visit(m.shift);
  }
  for (auto& m : pool_memory_) {
    for (auto* storage : {&m.output, &m.sum, &m.square}) {
      both(*storage);
    }
    visit(m.shift);
  }
}

template <typename S>
std::vector<torch::Tensor> FanComputation<S>::kept() {
  std::vector<torch::Tensor> result;
  each_kept([&](torch::Tensor& tensor) { result.push_back(tensor); });
  return result;
}

template <typename S>
void FanComputation<S>::restore(const std::vector<torch::Tensor>& kept) {
  size_t next = 0;
  each_kept([&](torch::Tensor& tensor) { tensor = kept.at(next++); });
  connect();
  finish_source(/*update=*/false);
  finish_inner(/*update=*/false);
}

template <typename S>
void FanComputation<S>::make_scratch() {
  const FanArrays<S>& f = arrays_;
  const auto bordered = [&](int64_t blocks, PlaneSize size) {
    return blocks * size.height * (size.width + 2 * f.border) * kLanes;
  };
  int64_t middle_blocks = f.out_blocks;
  for (const auto& c : convolutions_) {
    middle_blocks = std::max(middle_blocks, c.middle_blocks);
  }
  const int64_t chunk = std::max(kChunkPixels, f.out.width) * kLanes;
  const std::array sizes{
      std::max(bordered(f.blocks, f.in), bordered(f.out_blocks, f.out)),          // padded
      middle_blocks * chunk,                                                      // middle
      f.out_blocks * chunk,                                                       // output
      bordered(middle_blocks, f.out),                                             // flowing
      std::max(f.blocks * f.in.pixels(), f.out_blocks * f.out.pixels()) * kLanes  // rectified
  };
  scratch_.clear();
  scratch_memory_.clear();
  // A thread without a group of images gets nothing to do.
  const int64_t threads = std::min<int64_t>(worker_threads(), f.groups);
  for (int64_t thread = 0; thread < threads; ++thread) {
    scratch_memory_.push_back(
        make_storage<S>(std::accumulate(sizes.begin(), sizes.end(), int64_t{0})));
    Array<S> next = scratch_memory_.back().array();
    const auto take = [&](size_t number) {
      const Array<S> taken = next;
      next = next + sizes[number];
      return taken;
    };
    scratch_.push_back({take(0), take(1), take(2), take(3), take(4)});
  }
}

#define SANAS_INSTANTIATE(S)                                                   \
  template void FanComputation<S>::make_room(const std::vector<bool>&);        \
  template void FanComputation<S>::pack(size_t);                               \
  template void FanComputation<S>::connect();                                  \
  template std::vector<torch::Tensor> FanComputation<S>::kept();               \
  template void FanComputation<S>::restore(const std::vector<torch::Tensor>&); \
  template void FanComputation<S>::make_scratch();
SANAS_INSTANTIATE(float)
SANAS_INSTANTIATE(double)
SANAS_INSTANTIATE(Dual<float>)
SANAS_INSTANTIATE(Dual<double>)
#undef SANAS_INSTANTIATE

}  // namespace sanas::kernels
