// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/version.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "sanas/core/autocast.h"
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

TEST(ConfigureDevice, KeepsFloat32OnCudaFromBeingTf32) {
  allow_tf32(true);
  configure_device(torch::kCPU, 0, /*deterministic=*/false);
  // Both of LibTorch's descriptions, which convolutions and matrix products read.
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 9
  for (const auto op : {at::Float32Op::CONV, at::Float32Op::RNN, at::Float32Op::MATMUL}) {
    EXPECT_NE(at::globalContext().float32Precision(at::Float32Backend::CUDA, op),
              at::Float32Precision::TF32);
  }
#endif
}

TEST(ConfigureDevice, GivesCublasTheWorkspaceThatDeterminismNeeds) {
  ::unsetenv("CUBLAS_WORKSPACE_CONFIG");
  configure_device(torch::kCPU, 0, /*deterministic=*/true);
  configure_device({torch::kCUDA, 0}, 0, /*deterministic=*/false);
  EXPECT_EQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), nullptr);
  configure_device({torch::kCUDA, 0}, 0, /*deterministic=*/true);
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8", 1);
  configure_device({torch::kCUDA, 0}, 0, /*deterministic=*/true);
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":16:8") << "the user's own is kept";
  configure_device(torch::kCPU, 0, /*deterministic=*/false);
}

TEST(ScopedTf32, HoldsInItsScopeOnly) {
  allow_tf32(false);
  try {
    const ScopedTf32 outer(Precision::kTf32);
    EXPECT_TRUE(tf32_is_allowed());
    EXPECT_TRUE(at::globalContext().allowTF32CuDNN());
    EXPECT_TRUE(at::globalContext().allowTF32CuBLAS());
    const ScopedTf32 inner(Precision::kFloat32);
    EXPECT_TRUE(tf32_is_allowed()) << "who allows it, allows it for what is called";
    throw std::runtime_error("in the middle");
  } catch (const std::runtime_error&) {
  }
  EXPECT_FALSE(tf32_is_allowed());
  for (const auto precision : {Precision::kFloat32, Precision::kBfloat16}) {
    const ScopedTf32 scope(precision);
    EXPECT_FALSE(tf32_is_allowed()) << to_string(precision);
  }
}

TEST(PeakMemory, IsThatOfItsPhaseAndTheProcessRemembersTheRest) {
  constexpr int64_t kLarge = int64_t{256} << 20;
  constexpr int64_t kSmall = int64_t{32} << 20;
  if (!std::ofstream("/proc/self/clear_refs")) {
    GTEST_SKIP() << "this system can't reset the peak of a process";
  }
  { const auto block = torch::ones({kLarge / 8}, torch::kDouble); }
  const int64_t before = resident_bytes();
  const PeakMemory phase(torch::kCPU);
  { const auto block = torch::ones({kSmall / 8}, torch::kDouble); }
  EXPECT_GE(phase.bytes(), before + kSmall * 9 / 10);
  EXPECT_LT(phase.bytes(), before + kLarge / 2);
  EXPECT_GE(peak_memory_bytes(torch::kCPU), before + kLarge * 9 / 10);
  const PeakMemory later(torch::kCPU);
  EXPECT_LT(later.bytes(), phase.bytes() + kSmall / 2);
  EXPECT_GE(peak_memory_bytes(torch::kCPU), before + kLarge * 9 / 10) << "after two resets";
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
