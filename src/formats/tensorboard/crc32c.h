// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sanas {

/// CRC-32C (Castagnoli, reflected), e.g. 0xE3069283 for "123456789".
uint32_t crc32c(std::string_view bytes);

/// The same as a TFRecord stores it: rotated right by 15 bits, then + 0xA282EAD8.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace sanas
