// SPDX-License-Identifier: Apache-2.0
#include "files/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "sanas/core/error.h"

namespace sanas {

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(::open((folder / kName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) {
    throw FileError(folder.string() + ": can't be written: " + std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(descriptor_);
    throw FileError(folder.string() +
                    (error == EWOULDBLOCK
                         ? ": another process is working in this folder"
                         : std::string(": can't be locked: ") + std::strerror(error)));
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace sanas
