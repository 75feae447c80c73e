// SPDX-License-Identifier: Apache-2.0
#include "probe/arithmetic_peak.h"

#include <cstddef>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

#include "sanas/core/stopwatch.h"

namespace sanas {
namespace {

/// Independent chains: more than two units with a latency of five cycles can take up, and few
/// enough for 16 registers.
constexpr size_t kChains = 12;

template <int bytes>
struct VectorOf {
  typedef float type __attribute__((vector_size(bytes)));
};

/// @return something that depends on all results, so that none is left out.
template <int bytes>
[[gnu::always_inline]] inline float multiply_add(int64_t count, float factor, float summand) {
  using Vector = typename VectorOf<bytes>::type;
  const Vector a = Vector{} + factor;
  const Vector b = Vector{} + summand;
  Vector chains[kChains];  // not std::array: as an argument of it the type would be no vector
  for (size_t i = 0; i < kChains; ++i) {
    chains[i] = Vector{} + static_cast<float>(i);
  }
  for (int64_t n = 0; n < count; ++n) {
#pragma GCC unroll 12
    for (size_t i = 0; i < kChains; ++i) {
      chains[i] = chains[i] * a + b;
    }
  }
  Vector sum{};
  for (const Vector& chain : chains) {
    sum += chain;
  }
  float total = 0.0F;
  for (size_t lane = 0; lane < bytes / sizeof(float); ++lane) {
    total += sum[lane];
  }
  return total;
}

struct Loop {
  float (*run)(int64_t count, float factor, float summand);
  int lanes;
};

float run_plain(int64_t count, float factor, float summand) {
  return multiply_add<16>(count, factor, summand);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] float run_avx2(int64_t count, float factor, float summand) {
  return multiply_add<32>(count, factor, summand);
}

[[gnu::target("avx512f,fma")]] float run_avx512(int64_t count, float factor, float summand) {
  return multiply_add<64>(count, factor, summand);
}
#endif

Loop widest_loop() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    return {run_avx512, 16};
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return {run_avx2, 8};
  }
#endif
  return {run_plain, 4};
}

}  // namespace

double arithmetic_peak(int threads) {
  constexpr int64_t kCount = 20'000'000;
  const Loop loop = widest_loop();
  std::vector<float> results(static_cast<size_t>(threads));
  std::latch start(threads + 1);
  std::vector<std::thread> workers;
  for (float& result : results) {
    workers.emplace_back([&start, &loop, &result] {
      start.arrive_and_wait();
      result = loop.run(kCount, 0.5F, 1.0F);
    });
  }
  const Stopwatch watch;
  start.arrive_and_wait();
  for (std::thread& worker : workers) {
    worker.join();
  }
  return 2.0 * static_cast<double>(kChains) * loop.lanes * static_cast<double>(kCount) * threads /
         watch.seconds();
}

}  // namespace sanas
