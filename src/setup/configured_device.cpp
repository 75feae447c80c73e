// SPDX-License-Identifier: Apache-2.0
#include "setup/configured_device.h"

#include "sanas/core/device.h"

namespace sanas {

torch::Device configured_device(const Config& config) {
  const torch::Device device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  return device;
}

}  // namespace sanas
