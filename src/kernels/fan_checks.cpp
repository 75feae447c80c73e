// SPDX-License-Identifier: Apache-2.0
#include "kernels/fan_checks.h"

namespace sanas::kernels {
namespace {

using torch::Tensor;

class FanCheck {
 public:
  FanCheck(const FanSpec& spec, const Tensor& source, const std::vector<Tensor>& parameters)
      : spec_(spec), source_(source), parameters_(parameters) {}

  void source() const {
    TORCH_CHECK(source_.dim() == 5 && source_.size(4) == kLanes, "a fan of ", source_.sizes(),
                "; expected images × blocks × rows × columns × ", kLanes);
    TORCH_CHECK(source_.numel() > 0, "a fan of nothing: ", source_.sizes());
    TORCH_CHECK(source_.size(1) == spec_.in.blocks(), "a fan of ", spec_.in.total(),
                " channels was called with ", source_.size(1), " blocks of ", kLanes);
  }

  void start(const Tensor& start) const {
    const auto down = [&](int64_t size) { return (size + spec_.stride - 1) / spec_.stride; };
    of_same_kind(start, "the beginning of a sum");
    TORCH_CHECK(start.sizes() ==
                    torch::IntArrayRef({source_.size(0), ChannelLayout{spec_.out_channels}.blocks(),
                                        down(source_.size(2)), down(source_.size(3)), kLanes}),
                "a sum that begins with ", start.sizes(), " for a source of ", source_.sizes());
  }

  void convolution(const ConvolutionSpec& c) const {
    const int64_t in = c.input == kNone ? spec_.in.total() : spec_.out_channels;
    const int64_t k = c.shape.kernel;
    if (c.depthwise != kNone) {
      has_sizes(parameter(c.depthwise), {in, 1, k, k}, "depthwise weights");
    }
    const int64_t side = c.shape.gather == Gather::kPatches ? k : 1;
    const Tensor& first = parameter(c.pointwise);
    int64_t out = first.size(0);
    has_sizes(first, {out, in, side, side}, "pointwise weights");
    if (c.shifted_pointwise != kNone) {
      const Tensor& second = parameter(c.shifted_pointwise);
      has_sizes(second, {spec_.out_channels - out, in, side, side}, "pointwise weights");
      out = spec_.out_channels;
    }
    TORCH_CHECK(out == spec_.out_channels, "pointwise weights of ", first.sizes(), " for ",
                spec_.out_channels, " channels");
    norm(c.norm);
  }

  void term(const TermSpec& t) const {
    if (t.pool_norm) {
      norm(*t.pool_norm);
    }
    if (t.weight != kNone) {
      has_sizes(parameter(t.weight), {}, "a mixing weight");
    }
    if (t.factors.defined()) {
      has_sizes(t.factors, {source_.size(0)}, "factors of images");
    }
  }

 private:
  const Tensor& parameter(int number) const { return parameters_.at(static_cast<size_t>(number)); }

  void norm(const NormSpec& n) const {
    for (const int number : {n.scale, n.shift}) {
      if (number != kNone) {
        has_sizes(parameter(number), {spec_.out_channels}, "a batch norm's scale and shift");
      }
    }
    for (const Tensor* running : {&n.running_mean, &n.running_variance}) {
      if (running->defined()) {
        has_sizes(*running, {spec_.out_channels}, "running statistics");
      }
    }
  }

  void has_sizes(const Tensor& tensor, torch::IntArrayRef sizes, const char* what) const {
    of_same_kind(tensor, what);
    TORCH_CHECK(tensor.sizes() == sizes, what, " of ", tensor.sizes(), "; expected ", sizes);
  }

  void of_same_kind(const Tensor& tensor, const char* what) const {
    TORCH_CHECK(tensor.device() == source_.device(),
                "expected all tensors to be on the same device, but ", what, " are on ",
                tensor.device(), " and the images on ", source_.device());
    TORCH_CHECK(tensor.scalar_type() == source_.scalar_type(), what, " of type ",
                tensor.scalar_type(), " for images of type ", source_.scalar_type());
  }

  const FanSpec& spec_;
  const Tensor& source_;
  const std::vector<Tensor>& parameters_;
};

}  // namespace

void check_fan(const FanSpec& spec, const Tensor& source, const std::vector<Tensor>& starts,
               const std::vector<Tensor>& parameters) {
  const FanCheck check(spec, source, parameters);
  check.source();
  for (const auto& start : starts) {
    if (start.defined()) {
      check.start(start);
    }
  }
  for (const auto& convolution : spec.convolutions) {
    check.convolution(convolution);
  }
  for (const auto& term : spec.terms) {
    check.term(term);
  }
}

}  // namespace sanas::kernels
