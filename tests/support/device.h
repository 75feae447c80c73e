// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include <cstdlib>
#include <string>

namespace sanas {

/// The device that SANAS_TEST_DEVICE asks for; the CPU by default.
inline torch::Device test_device() {
  const char* name = std::getenv("SANAS_TEST_DEVICE");
  return torch::Device(name == nullptr || *name == '\0' ? "cpu" : name);
}

/// Skips a whole test program, with a message, where the device asked for is not there.
class DeviceEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    if (test_device().is_cuda() && !torch::cuda::is_available()) {
      GTEST_SKIP() << "[  SKIPPED ] SANAS_TEST_DEVICE asks for CUDA, but there is no GPU here";
    }
  }
};

// GoogleTest takes the object over.
inline testing::Environment* const device_environment =
    testing::AddGlobalTestEnvironment(new DeviceEnvironment);

}  // namespace sanas
