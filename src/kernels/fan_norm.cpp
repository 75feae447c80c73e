// SPDX-License-Identifier: Apache-2.0
#include "kernels/fan_norm.h"

#include <utility>

namespace sanas::kernels {
namespace {

/// Rounding may take what is nearly zero below it; NaN stays.
void not_below_zero(double& variance) { variance = variance < 0.0 ? 0.0 : variance; }
void not_below_zero(Dual<double>& variance) { not_below_zero(variance.value); }

}  // namespace

template <typename S>
Moments<S> batch_moments(const StatisticsArrays<S>& sums, const std::vector<int64_t>& pixels,
                         int64_t lanes) {
  using W = Wide<S>;
  Moments<S> result;
  for (const int64_t count : pixels) {
    result.count += count;
  }
  const W inverse_count = wide<W>(1.0 / static_cast<double>(result.count));
  for (int64_t lane = 0; lane < lanes; ++lane) {
    W mean = wide<W>(0.0);
    for (size_t g = 0; g < pixels.size(); ++g) {
      const int64_t at = static_cast<int64_t>(g) * lanes + lane;
      mean = mean + read(sums.sum, at) +
             wide<W>(static_cast<double>(pixels[g]) * static_cast<double>(sums.shift[at]));
    }
    mean = mean * inverse_count;
    W variance = wide<W>(0.0);
    for (size_t g = 0; g < pixels.size(); ++g) {
      const int64_t at = static_cast<int64_t>(g) * lanes + lane;
      const W moved = mean - wide<W>(static_cast<double>(sums.shift[at]));
      variance = variance + read(sums.square, at) -
                 moved * (wide<W>(2.0) * read(sums.sum, at) -
                          wide<W>(static_cast<double>(pixels[g])) * moved);
    }
    result.mean.push_back(mean);
    variance = variance * inverse_count;
    not_below_zero(variance);
    result.variance.push_back(variance);
  }
  return result;
}

template <typename S>
Moments<S> running_moments(const NormSpec& norm, const std::vector<int64_t>& channels) {
  const Array<Real<S>> mean{norm.running_mean.data_ptr<Real<S>>()};
  const Array<Real<S>> variance{norm.running_variance.data_ptr<Real<S>>()};
  Moments<S> result;
  for (const int64_t channel : channels) {
    result.mean.push_back(wide<Wide<S>>(channel < 0 ? 0.0 : read(mean, channel)));
    result.variance.push_back(wide<Wide<S>>(channel < 0 ? 1.0 : read(variance, channel)));
  }
  return result;
}

template <typename S>
void update_running(const NormSpec& norm, const Moments<S>& moments,
                    const std::vector<int64_t>& channels) {
  if constexpr (!kIsDual<S>) {
    if (!norm.running_mean.defined()) {
      return;
    }
    const Array<S> mean{norm.running_mean.data_ptr<S>()};
    const Array<S> variance{norm.running_variance.data_ptr<S>()};
    const auto count = static_cast<double>(moments.count);
    for (size_t lane = 0; lane < channels.size(); ++lane) {
      if (channels[lane] >= 0) {
        const auto take_up = [&](Array<S> running, double of_batch) {
          write(running, channels[lane],
                norm.momentum * of_batch + (1.0 - norm.momentum) * read(running, channels[lane]));
        };
        take_up(mean, moments.mean[lane]);
        take_up(variance, moments.variance[lane] * (count / (count - 1.0)));
      }
    }
  }
}

template <typename S>
NormPass<S>::NormPass(std::vector<int64_t> channels, int64_t groups)
    : channels_(std::move(channels)), groups_(groups) {
  const auto count = static_cast<int64_t>(lanes());
  for (auto* storage : {&scale_, &offset_, &mean_, &along_, &across_, &constant_}) {
    *storage = make_storage<S>(count, /*zero=*/true);
  }
}

template <typename S>
void NormPass<S>::set_identity(const Wide<S>& weight) {
  normalizes_ = false;
  weight_ = weight;
  for (size_t lane = 0; lane < lanes(); ++lane) {
    if (channels_[lane] >= 0) {
      write(scale_.array(), static_cast<int64_t>(lane), weight);
    }
  }
}

template <typename S>
void NormPass<S>::set_norm(const NormSpec& norm, Moments<S> moments,
                           const NormParameters<S>& parameters, const Wide<S>& weight) {
  using W = Wide<S>;
  normalizes_ = true;
  weight_ = weight;
  moments_ = std::move(moments);
  inverse_deviation_.assign(lanes(), wide<W>(0.0));
  gamma_.assign(lanes(), wide<W>(1.0));
  beta_.assign(lanes(), wide<W>(0.0));
  for (size_t lane = 0; lane < lanes(); ++lane) {
    if (channels_[lane] < 0) {
      continue;
    }
    const auto at = static_cast<int64_t>(lane);
    if (parameters.scale) {
      gamma_[lane] = read(parameters.scale, channels_[lane]);
    }
    if (parameters.shift) {
      beta_[lane] = read(parameters.shift, channels_[lane]);
    }
    inverse_deviation_[lane] =
        wide<W>(1.0) / square_root(moments_.variance[lane] + wide<W>(norm.eps));
    const W slope = gamma_[lane] * inverse_deviation_[lane];
    write(scale_.array(), at, weight * slope);
    write(offset_.array(), at, weight * (beta_[lane] - slope * moments_.mean[lane]));
    write(mean_.array(), at, moments_.mean[lane]);
  }
}

template <typename S>
SlopeArrays<S> NormPass<S>::slope() const {
  return {mean_.array(),  sum_.array(),    dot_.array(),
          along_.array(), across_.array(), constant_.array()};
}

template <typename S>
void NormPass<S>::prepare_slope() {
  const auto count = static_cast<int64_t>(lanes()) * groups_;
  sum_ = make_storage<S>(count);
  dot_ = make_storage<S>(count);
}

template <typename S>
NormGradients<S> NormPass<S>::finish_slope() {
  using W = Wide<S>;
  NormGradients<S> result{std::vector<W>(lanes(), wide<W>(0.0)),
                          std::vector<W>(lanes(), wide<W>(0.0)), wide<W>(0.0)};
  for (size_t lane = 0; lane < lanes(); ++lane) {
    if (channels_[lane] < 0) {
      continue;
    }
    const auto at = static_cast<int64_t>(lane);
    W sum = wide<W>(0.0);
    W dot = wide<W>(0.0);
    for (int64_t g = 0; g < groups_; ++g) {
      sum = sum + read(sum_.array(), g * static_cast<int64_t>(lanes()) + at);
      dot = dot + read(dot_.array(), g * static_cast<int64_t>(lanes()) + at);
    }
    if (!normalizes_) {
      result.weight = result.weight + dot;
      write(along_.array(), at, weight_);
      continue;
    }
    const W normalized = inverse_deviation_[lane] * dot;  // Σ g · (y − mean) / deviation
    const W along = weight_ * gamma_[lane] * inverse_deviation_[lane];
    result.weight = result.weight + gamma_[lane] * normalized + beta_[lane] * sum;
    result.scale[lane] = weight_ * normalized;
    result.shift[lane] = weight_ * sum;
    write(along_.array(), at, along);
    if (moments_.count > 0) {
      const auto negative = wide<W>(-1.0 / static_cast<double>(moments_.count));
      write(across_.array(), at, along * inverse_deviation_[lane] * normalized * negative);
      write(constant_.array(), at, along * sum * negative);
    }
  }
  return result;
}

#define SANAS_INSTANTIATE(S)                                                                     \
  template Moments<S> batch_moments(const StatisticsArrays<S>&, const std::vector<int64_t>&,     \
                                    int64_t);                                                    \
  template Moments<S> running_moments<S>(const NormSpec&, const std::vector<int64_t>&);          \
  template void update_running(const NormSpec&, const Moments<S>&, const std::vector<int64_t>&); \
  template class NormPass<S>;
SANAS_INSTANTIATE(float)
SANAS_INSTANTIATE(double)
SANAS_INSTANTIATE(Dual<float>)
SANAS_INSTANTIATE(Dual<double>)
#undef SANAS_INSTANTIATE

}  // namespace sanas::kernels
