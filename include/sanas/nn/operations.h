// SPDX-License-Identifier: Apache-2.0
#pragma once

// The candidate operations of the cells, and how to add one.

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <string>

#include "sanas/genotype/primitive.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/nn/convolution.h"

namespace sanas {

/// What a FactorizedReduce does with an odd height or width: refuse it, or pad right and bottom by
/// one row and column of zeros (darts-family §9.1).
enum class OddSize { kError, kPad };

/// `none` as in DARTS (input · 0, at ceil(H/s), stays in the graph), as in P-DARTS (fresh zeros at
/// floor(H/s), or ceil(H/s) where odd sizes are padded; no graph) (darts-family §1), or left out of
/// the sums of a search network, which is the same on finite numbers and costs nothing; outside
/// such a sum kSkipped works like kMultiply.
enum class ZeroVariant { kMultiply, kConstant, kSkipped };

/// How candidate operations are built; the defaults are those of a discrete network.
struct OperationOptions {
  /// Batch norms have a learned scale and shift. Off in search networks.
  bool affine = true;
  /// Batch norm after pooling, as in the search networks of all families but PR-DARTS.
  bool pool_batch_norm = false;
  /// Keep running statistics. Off in the cells of PR-DARTS' search network.
  bool track_running_stats = true;
  OddSize odd_size = OddSize::kError;
  ZeroVariant zero = ZeroVariant::kMultiply;
};

/// Throws DataError where `odd_size` is kError and the height or width of `x` (N×C×H×W, or the data
/// of a BlockedTensor) is odd, so that a stride-2 operation can't halve it exactly.
void check_halvable(const torch::Tensor& x, OddSize odd_size);

/// A module from one N×C×H×W tensor to another. Module and parameter names are those of the
/// original code (darts-family §1), so state dicts travel both ways.
class Operation : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  /// True where the next forward pass gives back its input, as the stride-1 skip connection does:
  /// drop-path leaves it alone.
  virtual bool is_identity() const { return false; }
  /// True where a forward pass draws random numbers in evaluation mode, too.
  virtual bool is_random() const { return false; }
};

/// Whether `module` has such an operation: its outputs then depend on the generators, and those of
/// an image on the other images of its batch.
bool draws_random_numbers(const torch::nn::Module& module);

/// The operation `primitive` with `channels` channels in and out. Output height and width are
/// ceil(H/stride), but see ZeroVariant.
std::shared_ptr<Operation> make_operation(Primitive primitive, int64_t channels, int64_t stride,
                                          const OperationOptions& options);

/// Builds one operation: channels in and out, stride (1 or 2), options.
using OperationBuilder =
    std::function<std::shared_ptr<Operation>(int64_t, int64_t, const OperationOptions&)>;

/// Adds a primitive of that name, which `build` makes: from then on genotypes and search spaces can
/// hold it (docs/extending.md). Not thread-safe. Throws ConfigError for a name that exists.
Primitive add_operation(const std::string& name, OperationBuilder build);

/// Convolution without bias, as everywhere in these networks.
Convolution make_convolution(int64_t in_channels, int64_t out_channels,
                             torch::ExpandingArray<2> kernel, torch::ExpandingArray<2> stride,
                             torch::ExpandingArray<2> padding);

/// Batch norm with ε = 1e-5 and momentum 0.1.
BatchNorm make_batch_norm(int64_t channels, const OperationOptions& options);

}  // namespace sanas
