// SPDX-License-Identifier: Apache-2.0
#pragma once

// Arithmetic on all parameters of a model at once: sums, products, norms and gradients of lists of
// tensors.

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <utility>
#include <vector>

namespace sanas {

/// A point or a direction in the space of all parameters of a model: one tensor per parameter, in
/// registration order. On CUDA, what is done to a list is a handful of kernel launches, not one or
/// more per tensor: a search network has more than a thousand.
using TensorList = std::vector<torch::Tensor>;

/// Values without history that share memory with `tensors`.
TensorList detach(const TensorList& tensors);
/// Values in memory of their own.
TensorList clone(const TensorList& tensors);
TensorList zeros_like(const TensorList& tensors);
/// a + factor · b, tensor by tensor.
TensorList add(const TensorList& a, const TensorList& b, double factor = 1.0);
/// factor · a.
TensorList scale(const TensorList& a, double factor);
/// a += factor · b, in place.
void add_in_place(TensorList& a, const TensorList& b, double factor = 1.0);
/// to = from, in place.
void copy_in_place(const TensorList& to, const TensorList& from);
/// Σ ⟨a_i, b_i⟩ over all tensors, in double precision.
double dot(const TensorList& a, const TensorList& b);
/// Euclidean norm over all tensors together, in double precision.
double norm(const TensorList& tensors);
/// True if every element of every tensor is finite.
bool all_finite(const TensorList& tensors);
/// One vector with all elements in order.
torch::Tensor flatten(const TensorList& tensors);
/// All elements in order. However many tensors, the device is waited for once.
std::vector<double> to_host(const TensorList& tensors);

/// ∂loss/∂inputs, with zeros for inputs that the loss does not depend on, each in the memory layout
/// of its input. With `create_graph` the result can be differentiated again.
TensorList gradients_of(const torch::Tensor& loss, const TensorList& inputs,
                        bool create_graph = false, bool retain_graph = false);

/// ∂/∂inputs Σ ⟨outputs_i, weights_i⟩, the same for a sum that is never computed.
TensorList gradients_of(const TensorList& outputs, const TensorList& inputs,
                        const TensorList& weights, bool retain_graph = false);

/// Values without history, each in the memory layout of its counterpart: those that have it share
/// memory with `tensors`. LibTorch treats lists tensor by tensor unless all pairs agree in it.
TensorList laid_out_like(const TensorList& counterparts, const TensorList& tensors);

/// Lets the leaf tensors `parameters` hold `values` inside its scope. The old storage comes back
/// untouched, so the old values are restored bit for bit, also when an exception is thrown. What
/// autograd recorded inside the scope has to be differentiated inside it.
class ScopedValues {
 public:
  ScopedValues(const TensorList& parameters, const TensorList& values);
  ~ScopedValues();
  ScopedValues(const ScopedValues&) = delete;
  ScopedValues& operator=(const ScopedValues&) = delete;

 private:
  TensorList parameters_;
  TensorList saved_;
};

/// Makes constants of leaf tensors inside its scope: nothing is kept there for their gradients.
class ScopedConstants {
 public:
  explicit ScopedConstants(const TensorList& tensors);
  ~ScopedConstants();
  ScopedConstants(const ScopedConstants&) = delete;
  ScopedConstants& operator=(const ScopedConstants&) = delete;

 private:
  TensorList variables_;
};

/// Restores the buffers (running statistics) of a module, or those given, bit for bit at the end of
/// its scope, unless they are to be kept as they are by then. Where none is to change at all,
/// FrozenStatistics (nn/batch_norm.h) costs less.
class ScopedBuffers {
 public:
  explicit ScopedBuffers(const torch::nn::Module& module) : ScopedBuffers(module.buffers()) {}
  explicit ScopedBuffers(TensorList buffers);
  ~ScopedBuffers();
  void keep() { saved_.clear(); }
  ScopedBuffers(const ScopedBuffers&) = delete;
  ScopedBuffers& operator=(const ScopedBuffers&) = delete;

 private:
  TensorList buffers_;
  TensorList saved_;
};

/// Restores training or evaluation mode of a module and everything in it at the end of its scope.
class ScopedMode {
 public:
  ScopedMode(torch::nn::Module& module, bool training);
  ~ScopedMode();
  ScopedMode(const ScopedMode&) = delete;
  ScopedMode& operator=(const ScopedMode&) = delete;

 private:
  torch::nn::Module& module_;
  bool saved_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> children_;
};

}  // namespace sanas
