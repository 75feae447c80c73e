// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes whole files so that nobody ever meets half of one.

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string_view>

namespace sanas {

/// Writes a whole file so that a reader, a crash or a power cut only ever meets the old content or
/// the new one: a temporary file in the same folder, fsync, rename over `path`, fsync of the
/// folder. Throws FileError with the system's reason; the old file is then untouched and the
/// temporary one removed. (A program that may run under a file-size limit has to ignore SIGXFSZ to
/// get the error instead of the signal.) Devices and pipes, which can't be replaced, are written
/// to.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// The same for content that `writer` puts into a stream piece by piece; it may go back to an
/// earlier place (seekp). A failed write throws FileError out of the stream operation. What
/// `writer` throws is passed on after the temporary file is removed.
void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(std::ostream&)>& writer);

/// Gives the file `existing` the second name `path`, in the place of what had it before: the same
/// bytes under both names, and neither changes when the other is written anew. Where the file
/// system has no second names, a copy. Throws FileError.
void link_file_atomically(const std::filesystem::path& existing, const std::filesystem::path& path);

/// Whether that is the name of a temporary file of this program.
bool is_temporary_file(const std::filesystem::path& path);

/// Removes the temporary files that a killed process left in `folder`. Only for a folder that no
/// other process writes to (RunFolder holds its lock first).
void remove_stale_temporary_files(const std::filesystem::path& folder);

}  // namespace sanas
