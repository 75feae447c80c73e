// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sanas {

/// Whether this build can look into tar archives (it has libarchive).
bool archives_are_readable();

/// Reads the named members of a tar archive (gzip, xz, bzip2, zstd or plain) into memory in one
/// pass. Members are matched by file name, in whatever folder, but all in the same one; those that
/// the archive lacks are absent from the result. A member larger than `max_bytes` is refused.
/// Throws DataError where it cannot be opened, is damaged or no tar archive, where the members lie
/// in several folders, and where archives_are_readable() is false.
std::map<std::string, std::vector<uint8_t>> read_archive(const std::filesystem::path& archive,
                                                         const std::set<std::string>& members,
                                                         int64_t max_bytes);

}  // namespace sanas
