// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <unistd.h>

#include <fstream>

#include "sanas/core/error.h"
#include "support/memory_limit.h"

namespace sanas {
namespace {

TEST(ResolveDevice, KnowsTheCpu) { EXPECT_EQ(resolve_device("cpu"), torch::Device(torch::kCPU)); }

TEST(ResolveDevice, AutoIsTheFirstGpuWhereThereIsOne) {
  const torch::Device expected =
      torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  EXPECT_EQ(resolve_device("auto"), expected);
}

TEST(ResolveDevice, RefusesOtherNamesWithWhatWouldBeRight) {
  for (const char* name :
       {"", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:1x", "cpu:0", "cuda:1234"}) {
    try {
      resolve_device(name);
      FAIL() << name << " was accepted";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.what(),
                "device '" + std::string(name) + "': expected auto, cpu, cuda or cuda:N");
    }
  }
}

TEST(ResolveDevice, RefusesAGpuThatIsNotThere) {
  // 256 and 300 would be 0 and 44 in LibTorch's eight-bit device index.
  for (const char* name : {"cuda:99", "cuda:256", "cuda:300", "cuda:999"}) {
    try {
      resolve_device(name);
      FAIL() << name << " was accepted";
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("this machine has"), std::string::npos);
    }
  }
  if (!torch::cuda::is_available()) {
    EXPECT_THROW(resolve_device("cuda"), ConfigError);
    EXPECT_THROW(resolve_device("cuda:0"), ConfigError);
  }
}

TEST(ConfigureDevice, SetsThreadsAndDeterminism) {
  const int threads = at::get_num_threads();
  configure_device(torch::kCPU, 1, /*deterministic=*/true);
  EXPECT_EQ(at::get_num_threads(), 1);
  EXPECT_TRUE(at::globalContext().deterministicCuDNN());
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  configure_device({torch::kCUDA, 0}, 2, /*deterministic=*/false);
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_FALSE(at::globalContext().deterministicCuDNN());
  EXPECT_TRUE(at::globalContext().benchmarkCuDNN()) << "the autotuner is for CUDA";
  configure_device(torch::kCPU, threads, /*deterministic=*/false);
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
}

TEST(MemoryFormat, IsChannelsLastOnCudaOnly) {
  EXPECT_EQ(preferred_memory_format(torch::kCPU), torch::MemoryFormat::Contiguous);
  EXPECT_EQ(preferred_memory_format({torch::kCUDA, 0}), torch::MemoryFormat::ChannelsLast);
}

int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(PeakMemory, RemembersABlockThatWasFreed) {
  constexpr int64_t kBytes = int64_t{256} << 20;
  const int64_t before = resident_bytes();
  ASSERT_GT(before, 0);
  { const auto block = torch::ones({kBytes / 8}, torch::kDouble); }
  EXPECT_GE(peak_memory_bytes(torch::kCPU), before + kBytes * 9 / 10);
}

TEST(ConfigureDevice, RefusesMoreThreadsThanTheSystemGives) {
  if (!kMemoryCanBeLimited) {
    GTEST_SKIP() << "under a sanitizer";
  }
  const int before = at::get_num_threads();
  const ScopedMemoryLimit limit(64U << 20U);
  EXPECT_THROW(configure_device(torch::kCPU, 1000, false), ConfigError);
  EXPECT_EQ(at::get_num_threads(), before);
}

}  // namespace
}  // namespace sanas
