// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/config/config.h"

namespace sanas {

/// The configured device (resolve_device), set up for a run (configure_device). Throws ConfigError.
torch::Device configured_device(const Config& config);

}  // namespace sanas
