// SPDX-License-Identifier: Apache-2.0
#include "supernet/gate_noise.h"

namespace sanas {

torch::Tensor RandomGateNoise::uniform(const torch::Tensor& like) { return torch::rand_like(like); }

torch::Tensor RandomGateNoise::dropped(const torch::Tensor& like, double probability) {
  return torch::bernoulli(torch::full_like(like, probability));
}

torch::Tensor RandomGateNoise::permutation(int64_t count) {
  return torch::randperm(count, torch::kInt64);
}

}  // namespace sanas
