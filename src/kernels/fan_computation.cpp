// SPDX-License-Identifier: Apache-2.0
#include "kernels/fan_computation.h"

#include <algorithm>
#include <utility>

#include "kernels/fan_steps.h"
#include "kernels/instruction_sets.h"

namespace sanas::kernels {
namespace {

/// Groups of images whose sums are made one after the other; many enough for the threads of a
/// machine, few enough that to add up what each group says of the weights costs little.
constexpr int64_t kMostGroups = 16;

}  // namespace

template <typename S>
FanComputation<S>::FanComputation(const FanSpec& spec, FanInput<S> input)
    : spec_(spec),
      input_(std::move(input)),
      kernels_(fan_kernels<S>()),
      in_lanes_(lane_channels(spec.in)),
      out_lanes_(lane_channels({spec.out_channels})),
      in_channels_(used_lanes(spec.in)),
      out_channels_(used_lanes({spec.out_channels})),
      convolutions_(spec.convolutions.size()),
      pools_(spec.pools.size()),
      terms_(spec.terms.size()),
      targets_(static_cast<size_t>(spec.targets)),
      convolution_memory_(spec.convolutions.size()),
      pool_memory_(spec.pools.size()) {
  lay_out();
}

template <typename S>
void FanComputation<S>::lay_out() {
  const torch::Tensor& source = input_.source.value;
  FanArrays<S>& f = arrays_;
  f.images = source.size(0);
  f.groups = std::max<int64_t>(1, std::min(f.images, kMostGroups));
  f.blocks = spec_.in.blocks();
  f.out_blocks = ChannelLayout{spec_.out_channels}.blocks();
  f.stride = spec_.stride;
  f.rectified = spec_.rectified;
  f.in = {source.size(2), source.size(3)};
  f.out = {(f.in.height + f.stride - 1) / f.stride, (f.in.width + f.stride - 1) / f.stride};
  f.source = input_.source.array();
  for (int64_t g = 0; g < f.groups; ++g) {
    group_pixels_.push_back((f.first_image(g + 1) - f.first_image(g)) * f.out.pixels());
  }
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    lay_out_convolution(k);
    if (spec_.convolutions[k].shape.gather == Gather::kDepthwise) {
      f.border = std::max(f.border, spec_.convolutions[k].shape.radius());
    }
  }
  for (size_t k = 0; k < pools_.size(); ++k) {
    pools_[k].kind = spec_.pools[k];
  }
  for (size_t k = 0; k < terms_.size(); ++k) {
    const TermSpec& term = spec_.terms[k];
    terms_[k].target = term.target;
    terms_[k].convolution = term.convolution;
    terms_[k].pool = term.pool;
    terms_[k].factors = term.factors.defined() ? term.factors.data_ptr<Real<S>>() : nullptr;
    term_norms_.emplace_back(out_lanes_, f.groups);
  }
  for (size_t t = 0; t < input_.starts.size(); ++t) {
    targets_[t].start = input_.starts[t].array();
  }
  const auto expose = [](auto& list, auto& pointer, int& count) {
    pointer = list.data();
    count = static_cast<int>(list.size());
  };
  expose(convolutions_, f.convolutions, f.convolution_count);
  expose(pools_, f.pools, f.pool_count);
  expose(terms_, f.terms, f.term_count);
  expose(targets_, f.targets, f.target_count);
}

template <typename S>
void FanComputation<S>::lay_out_convolution(size_t number) {
  const ConvolutionSpec& spec = spec_.convolutions[number];
  ConvolutionArrays<S>& c = convolutions_[number];
  ConvolutionMemory& memory = convolution_memory_[number];
  const bool inner = spec.input != kNone;
  c.shape = spec.shape;
  c.input = spec.input;
  memory.in_lanes = inner ? out_lanes_ : in_lanes_;
  memory.middle_channels = inner ? out_channels_ : in_channels_;
  c.in_blocks = static_cast<int64_t>(memory.middle_channels.size());
  c.middle_blocks = c.in_blocks * spec.shape.grids();
  const std::vector<int> of_grid = memory.middle_channels;
  for (int64_t grid = 1; grid < spec.shape.grids(); ++grid) {
    memory.middle_channels.insert(memory.middle_channels.end(), of_grid.begin(), of_grid.end());
  }
  c.out_blocks = arrays_.out_blocks;
  c.middle_channels = memory.middle_channels.data();
  c.out_channels = out_channels_.data();
  c.in = inner ? arrays_.out : arrays_.in;
  c.out = arrays_.out;
  if (inner) {
    convolution_memory_[static_cast<size_t>(spec.input)].inner_norm =
        std::make_unique<NormPass<S>>(out_lanes_, arrays_.groups);
  }
}

template <typename S>
PointwiseLanes FanComputation<S>::pointwise_lanes(size_t number) const {
  return {convolution_memory_[number].in_lanes, out_lanes_,
          spec_.convolutions[number].shape.grids()};
}

template <typename S>
Array<S> FanComputation<S>::parameter(int number) const {
  return number == kNone ? Array<S>{} : input_.parameters[static_cast<size_t>(number)].array();
}

template <typename S>
NormParameters<S> FanComputation<S>::parameters_of(const NormSpec& norm) const {
  return {parameter(norm.scale), parameter(norm.shift)};
}

template <typename S>
bool FanComputation<S>::has_inner() const {
  return std::any_of(convolutions_.begin(), convolutions_.end(),
                     [](const auto& c) { return c.input >= 0; });
}

template <typename S>
std::vector<Storage<S>> FanComputation<S>::forward(const std::vector<bool>& weights) {
  make_room(weights);
  run_items(static_cast<int64_t>(convolutions_.size()),
            [this](int64_t k, int /*thread*/) { pack(static_cast<size_t>(k)); });
  connect();
  make_scratch();
  std::vector<Storage<S>> outputs;
  const auto& f = arrays_;
  for (auto& target : targets_) {
    outputs.push_back(make_storage<S>(f.images * f.out_blocks * f.out.pixels() * kLanes));
    target.output = outputs.back().array();
  }
  run_step(kernels_.forward_source, arrays_, scratch_);
  finish_source(/*update=*/true);
  if (has_inner()) {
    run_step(kernels_.forward_inner, arrays_, scratch_);
  }
  finish_inner(/*update=*/true);
  run_step(kernels_.forward_targets, arrays_, scratch_);
  for (auto& output : outputs) {
    for (auto* tensor : {&output.value, &output.tangent}) {
      if (tensor->defined()) {
        *tensor = tensor->view({f.images, f.out_blocks, f.out.height, f.out.width, kLanes});
      }
    }
  }
  return outputs;
}

template <typename S>
Moments<S> FanComputation<S>::moments_of(const NormSpec& norm, const StatisticsArrays<S>& sums,
                                         bool update) const {
  if (!norm.of_batch) {
    return running_moments<S>(norm, out_lanes_);
  }
  auto moments = batch_moments(sums, group_pixels_, static_cast<int64_t>(out_lanes_.size()));
  TORCH_CHECK(moments.count > 1,
              "Expected more than 1 value per channel when training, got one image of 1×1 pixel");
  if (update) {
    update_running(norm, moments, out_lanes_);
  }
  return moments;
}

template <typename S>
void FanComputation<S>::finish_source(bool update) {
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    auto& norm = convolution_memory_[k].inner_norm;
    if (norm) {
      const NormSpec& spec = spec_.convolutions[k].norm;
      norm->set_norm(spec, moments_of(spec, convolutions_[k].statistics, update),
                     parameters_of(spec), wide<Wide<S>>(1.0));
    }
  }
}

template <typename S>
void FanComputation<S>::finish_inner(bool update) {
  for (size_t k = 0; k < terms_.size(); ++k) {
    const TermSpec& term = spec_.terms[k];
    const auto weight = term.weight == kNone ? wide<Wide<S>>(1.0) : read(parameter(term.weight), 0);
    const auto set = [&](const NormSpec& norm, const StatisticsArrays<S>& sums) {
      term_norms_[k].set_norm(norm, moments_of(norm, sums, update), parameters_of(norm), weight);
    };
    if (term.convolution != kNone) {
      const auto number = static_cast<size_t>(term.convolution);
      set(spec_.convolutions[number].norm, convolutions_[number].statistics);
    } else if (term.pool_norm) {
      set(*term.pool_norm, pools_[static_cast<size_t>(term.pool)].statistics);
    } else {
      term_norms_[k].set_identity(weight);
    }
  }
}

template class FanComputation<float>;
template class FanComputation<double>;
template class FanComputation<Dual<float>>;
template class FanComputation<Dual<double>>;

}  // namespace sanas::kernels
