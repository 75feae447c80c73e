// SPDX-License-Identifier: Apache-2.0
// What kernels are not called with, and statistics that one pixel tells little of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "composed_fan.h"
#include "random_fan.h"

namespace sanas::kernels {
namespace {

using torch::Tensor;

std::vector<Tensor> call(const RandomFan& f, const Tensor& source) {
  std::vector<Tensor> starts;
  return fan(f.spec, source, starts, f.parameters);
}

TEST(FanChecks, RefuseWhatIsNotAsTheFanSays) {
  const RandomFan fine({.name = "fine", .affine = true}, torch::kFloat);
  const Tensor source = to_blocked(fine.source, fine.spec.in).data;
  EXPECT_NO_THROW(call(fine, source));
  const std::vector<std::function<void(RandomFan&, Tensor&)>> mistakes{
      [](RandomFan& /*f*/, Tensor& x) { x = x.narrow(4, 0, 8); },
      [](RandomFan& /*f*/, Tensor& x) { x = x.narrow(3, 0, 0); },
      [](RandomFan& /*f*/, Tensor& x) { x = x.narrow(0, 0, 0); },
      [](RandomFan& /*f*/, Tensor& x) {
        x = torch::cat({x, x}, 1);
      },
      [](RandomFan& /*f*/, Tensor& x) { x = x.to(torch::kDouble); },
      [](RandomFan& f, Tensor& /*x*/) { f.parameters.front() = f.parameters.front().to("meta"); }};
  for (size_t i = 0; i < mistakes.size(); ++i) {
    RandomFan f({.name = "wrong", .affine = true}, torch::kFloat);
    Tensor x = source.clone();
    mistakes[i](f, x);
    EXPECT_THROW(call(f, x), c10::Error) << i;
  }
  // Each parameter with a number too many.
  for (size_t i = 0; i < fine.parameters.size(); ++i) {
    RandomFan f({.name = "wrong", .affine = true}, torch::kFloat);
    Tensor& parameter = f.parameters[i];
    parameter = parameter.dim() == 0 ? torch::ones({2}) : torch::cat({parameter, parameter});
    EXPECT_THROW(call(f, source), c10::Error) << i;
  }
}

TEST(FanChecks, StatisticsSurviveACornerFarFromAllOtherPixels) {
  // A channel that is constant but for its first pixel, as padding makes it.
  RandomFan f({.name = "corner",
               .images = 4,
               .in = {1},
               .out_channels = 1,
               .height = 96,
               .width = 96,
               .only = Gather::kDirect,
               .rectified = false},
              torch::kFloat);
  f.source = torch::full({4, 1, 96, 96}, 2.3F);
  f.source.index_put_({torch::indexing::Slice(), 0, 0, 0}, 0.0F);
  const Tensor y = from_blocked({call(f, to_blocked(f.source, f.spec.in).data).front(), {1}});
  std::vector<Tensor> parameters;
  for (const auto& parameter : f.parameters) {
    parameters.push_back(parameter.to(torch::kDouble));
  }
  FanSpec spec = f.spec;
  spec.convolutions.front().norm.running_mean = spec.convolutions.front().norm.running_variance =
      Tensor();
  const Tensor expected = composed_fan(spec, f.source.to(torch::kDouble), {}, parameters).front();
  const Tensor error = (y - expected).abs() / expected.abs();
  // With the first pixel for a shift the variance is off by a third.
  EXPECT_LT(error.max().item<double>(), 1e-3);
}

}  // namespace
}  // namespace sanas::kernels
