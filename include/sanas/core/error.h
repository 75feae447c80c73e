// SPDX-License-Identifier: Apache-2.0
#pragma once

// The exceptions that the library throws, each with a message that a user can act on.

#include <stdexcept>
#include <string>

namespace sanas {

/// Base of everything that this library throws for reasons outside the program. The message is one
/// line that a user can act on: it names the file, line or key and says what would be right.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The configuration or the command line is missing or wrong (exit status 2).
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A data set is missing, damaged or unfit for what is asked of it (exit status 3).
class DataError : public Error {
 public:
  using Error::Error;
};

/// Another file (genotype, checkpoint, weights, output folder) is missing or wrong (exit status 3).
class FileError : public Error {
 public:
  using Error::Error;
};

/// A loss, gradient or weight is not finite (exit status 1).
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

}  // namespace sanas
