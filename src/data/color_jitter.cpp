// SPDX-License-Identifier: Apache-2.0
#include "data/color_jitter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sanas/core/error.h"

namespace sanas {
namespace {

// ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
int grey(const uint8_t* rgb) {
  return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

// from + factor · (to - from), in float and truncated, as Pillow's blend.
uint8_t blend(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

struct Hsv {
  uint8_t hue, saturation, value;
};

uint8_t truncate(double value) { return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)); }

Hsv to_hsv(const uint8_t* rgb) {
  const auto [low, high] = std::minmax({rgb[0], rgb[1], rgb[2]});
  if (low == high) {
    return {0, 0, high};
  }
  const auto range = static_cast<float>(high - low);
  const float red = static_cast<float>(high - rgb[0]) / range;
  const float green = static_cast<float>(high - rgb[1]) / range;
  const float blue = static_cast<float>(high - rgb[2]) / range;
  float hue = 0;
  if (rgb[0] == high) {
    hue = blue - green;
  } else if (rgb[1] == high) {
    hue = static_cast<float>(2.0 + red - blue);
  } else {
    hue = static_cast<float>(4.0 + green - red);
  }
  hue = static_cast<float>(std::fmod(hue / 6.0 + 1.0, 1.0));
  const float saturation = range / static_cast<float>(high);
  return {truncate(hue * 255.0), truncate(saturation * 255.0), high};
}

void to_rgb(const Hsv& hsv, uint8_t* rgb) {
  const uint8_t v = hsv.value;
  if (hsv.saturation == 0) {
    rgb[0] = rgb[1] = rgb[2] = v;
    return;
  }
  const double turn = static_cast<float>(hsv.hue) * 6.0 / 255.0;
  const int sector = static_cast<int>(std::floor(turn));
  const auto f = static_cast<float>(turn - sector);
  const float s = static_cast<float>(hsv.saturation) / 255.0F;
  const auto scaled = [v](double share) { return truncate(std::round(v * share)); };
  const uint8_t p = scaled(1.0 - s);
  const uint8_t q = scaled(1.0 - s * f);
  const uint8_t t = scaled(1.0 - s * (1.0 - f));
  const uint8_t table[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  std::copy_n(table[sector % 6], 3, rgb);
}

size_t pixel_count(const Image& image) { return image.pixels.size() / 3; }

}  // namespace

void adjust_brightness(Image& image, double factor) {
  for (uint8_t& byte : image.pixels) {
    byte = blend(0, byte, static_cast<float>(factor));
  }
}

void adjust_contrast(Image& image, double factor) {
  int64_t sum = 0;
  for (size_t i = 0; i < pixel_count(image); ++i) {
    sum += grey(image.pixels.data() + 3 * i);
  }
  const int mean = static_cast<int>(
      std::lround(static_cast<double>(sum) / static_cast<double>(pixel_count(image))));
  for (uint8_t& byte : image.pixels) {
    byte = blend(mean, byte, static_cast<float>(factor));
  }
}

void adjust_saturation(Image& image, double factor) {
  for (size_t i = 0; i < pixel_count(image); ++i) {
    uint8_t* rgb = image.pixels.data() + 3 * i;
    const int luma = grey(rgb);
    for (int c = 0; c < 3; ++c) {
      rgb[c] = blend(luma, rgb[c], static_cast<float>(factor));
    }
  }
}

void adjust_hue(Image& image, double shift) {
  const auto turn = static_cast<uint8_t>(static_cast<int>(shift * 255));  // wraps around
  for (size_t i = 0; i < pixel_count(image); ++i) {
    uint8_t* rgb = image.pixels.data() + 3 * i;
    Hsv hsv = to_hsv(rgb);
    hsv.hue = static_cast<uint8_t>(hsv.hue + turn);
    to_rgb(hsv, rgb);
  }
}

ColorJitter::ColorJitter(const std::array<double, 4>& strengths) : strengths_(strengths) {
  const bool positive =
      std::all_of(strengths.begin(), strengths.end(), [](double v) { return v >= 0; });
  if (!positive || strengths[3] > 0.5) {
    throw ConfigError("colour jitter strengths must not be negative, and the hue not above 0.5");
  }
}

void ColorJitter::apply(Image& image, CounterRandom& random) const {
  std::array<size_t, 4> order{0, 1, 2, 3};
  for (size_t i = 3; i > 0; --i) {
    std::swap(order[i], order[random.below(i + 1)]);
  }
  for (const size_t kind : order) {
    const double v = strengths_[kind];
    if (v == 0) {
      continue;
    }
    if (kind == 3) {
      adjust_hue(image, random.uniform(-v, v));
      continue;
    }
    const double factor = random.uniform(std::max(0.0, 1 - v), 1 + v);
    constexpr void (*kAdjust[])(Image&, double) = {adjust_brightness, adjust_contrast,
                                                   adjust_saturation};
    kAdjust[kind](image, factor);
  }
}

}  // namespace sanas
