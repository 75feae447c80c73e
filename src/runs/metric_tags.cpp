// SPDX-License-Identifier: Apache-2.0
#include "runs/metric_tags.h"

#include <algorithm>
#include <array>

namespace sanas {
namespace {

struct Tag {
  const char* phase;
  const char* key;
  const char* tag;
};

constexpr auto kTags = std::to_array<Tag>({
    {"search", "learning_rate", "learning_rate/weights"},
    {"search", "train1_loss", "loss/weights1"},
    {"search", "train1_top1", "accuracy/weights1"},
    {"search", "train1_gradient_norm", "gradient_norm/weights1"},
    {"search", "train1_seconds", "seconds/weights1"},
    {"search", "train2_loss", "loss/weights2"},
    {"search", "train2_top1", "accuracy/weights2"},
    {"search", "train2_gradient_norm", "gradient_norm/weights2"},
    {"search", "train2_seconds", "seconds/weights2"},
    {"search", "validation1_loss", "loss/validation1"},
    {"search", "hypergradient_norm", "hypergradient/total"},
    {"search", "norm_d1", "hypergradient/d1"},
    {"search", "norm_I1", "hypergradient/I1"},
    {"search", "architecture_seconds", "seconds/architecture"},
    {"search", "attack_loss", "loss/attack"},
    {"search", "validation2_loss", "loss/validation2"},
    {"search", "norm_d2", "hypergradient/d2"},
    {"search", "norm_I2", "hypergradient/I2"},
    {"search", "norm_I3", "hypergradient/I3"},
    {"search", "norm_I4", "hypergradient/I4"},

    {"search_epoch", "entropy", "architecture/entropy"},
    {"search_epoch", "margin", "architecture/margin"},
    {"search_epoch", "architecture_change", "architecture/change"},
    {"search_epoch", "seconds", "epoch/seconds"},
    {"search_epoch", "train1_loss", "epoch/train1_loss"},
    {"search_epoch", "train1_top1", "epoch/train1_top1"},
    {"search_epoch", "train2_loss", "epoch/train2_loss"},
    {"search_epoch", "train2_top1", "epoch/train2_top1"},
    {"search_epoch", "validation1_loss", "epoch/validation1_loss"},
    {"search_epoch", "validation1_top1", "epoch/validation1_top1"},
    {"search_epoch", "eigenvalue", "architecture/eigenvalue"},
    {"search_epoch", "saliency_seed_agreement", "saliency/seed_agreement"},
    {"search_epoch", "saliency_saturated", "saliency/saturated"},
    {"search_epoch", "saliency_average_precision", "saliency/average_precision"},
    {"search_epoch", "saliency_pointing_game", "saliency/pointing_game"},
    {"search_epoch", "share_d1", "share/d1"},
    {"search_epoch", "share_d2", "share/d2"},
    {"search_epoch", "share_I1", "share/I1"},
    {"search_epoch", "share_I2", "share/I2"},
    {"search_epoch", "share_I3", "share/I3"},
    {"search_epoch", "share_I4", "share/I4"},

    {"train", "loss", "loss/train"},
    {"train", "top1", "accuracy/train"},
    {"train", "learning_rate", "learning_rate/weights"},
    {"train", "drop_path", "drop_path/probability"},
    {"train", "gradient_norm", "gradient_norm/weights"},
    {"train", "seconds", "seconds/weights"},

    {"train_epoch", "seconds", "epoch/seconds"},
    {"train_epoch", "loss", "epoch/train_loss"},
    {"train_epoch", "top1", "epoch/train_top1"},
    {"train_epoch", "top5", "epoch/train_top5"},
    {"train_epoch", "validation_loss", "epoch/validation_loss"},
    {"train_epoch", "validation_top1", "epoch/validation_top1"},
    {"train_epoch", "validation_top5", "epoch/validation_top5"},
    {"train_epoch", "test_loss", "epoch/test_loss"},
    {"train_epoch", "test_top1", "epoch/test_top1"},
    {"train_epoch", "test_top5", "epoch/test_top5"},
});

/// Null where the record has no such value.
template <typename Value>
const Value* find(const JsonRecord& record, const std::string& key) {
  const auto found = std::find_if(record.begin(), record.end(),
                                  [&](const auto& member) { return member.first == key; });
  return found == record.end() ? nullptr : std::get_if<Value>(&found->second);
}

}  // namespace

std::vector<std::pair<std::string, double>> tagged_values(const JsonRecord& record) {
  const auto* phase = find<std::string>(record, "phase");
  std::vector<std::pair<std::string, double>> values;
  for (const Tag& tag : kTags) {
    const auto* value =
        phase != nullptr && *phase == tag.phase ? find<double>(record, tag.key) : nullptr;
    if (value != nullptr) {
      values.emplace_back(tag.tag, *value);
    }
  }
  return values;
}

}  // namespace sanas
