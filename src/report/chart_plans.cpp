// SPDX-License-Identifier: Apache-2.0
#include "report/chart_plans.h"

namespace sanas {
namespace {

/// How far a search has come.
std::vector<ChartPlan> search_plans() {
  return {{"search",
           "Losses of the four levels",
           "loss",
           false,
           {{"train1_loss", "I: W1, training"},
            {"attack_loss", "II: δ, attack, per image", true},
            {"train2_loss", "III: W2, training"},
            {"validation1_loss", "IV: A, validation of W1"},
            {"validation2_loss", "IV: A, validation of W2"}}},
          {"search_epoch",
           "Mean losses of the epochs",
           "loss",
           false,
           {{"train1_loss", "W1, training"},
            {"train2_loss", "W2, training"},
            {"validation1_loss", "W1, validation"}}},
          {"search_epoch",
           "Accuracies of the epochs",
           "top-1",
           false,
           {{"train1_top1", "W1, training"},
            {"train2_top1", "W2, training"},
            {"validation1_top1", "W1, validation"}}},
          {"search",
           "Accuracies of the mini-batches",
           "top-1",
           false,
           {{"train1_top1", "W1"}, {"train2_top1", "W2"}}},
          {"search", "Learning rate", "rate", false, {{"learning_rate", "W1 and W2"}}},
          {"search_epoch",
           "Entropy of the operation weights",
           "nats",
           false,
           {{"entropy", "mean over all edges"}}}};
}

/// What moves its architecture, and what that costs.
std::vector<ChartPlan> architecture_plans() {
  return {
      {"search",
       "Norms of the hypergradient and its terms",
       "norm",
       true,
       {{"hypergradient_norm", "dO/dA"},
        {"norm_d1", "d1: A in V(W1)"},
        {"norm_d2", "d2: A in V(W2)"},
        {"norm_I1", "I1: through W1"},
        {"norm_I2", "I2: through W2"},
        {"norm_I3", "I3: δ, W2"},
        {"norm_I4", "I4: W1, δ, W2"}}},
      {"search",
       "Cosines of the terms with the hypergradient",
       "cosine",
       false,
       {{"cosine_d1", "d1"},
        {"cosine_d2", "d2"},
        {"cosine_I1", "I1"},
        {"cosine_I2", "I2"},
        {"cosine_I3", "I3"},
        {"cosine_I4", "I4"}}},
      {"search",
       "Gradient norms of the weights",
       "norm",
       true,
       {{"train1_gradient_norm", "W1"}, {"train2_gradient_norm", "W2"}}},
      {"search_epoch",
       "Margin of the genotype and change of A",
       "size",
       true,
       {{"margin", "margin of the weakest choice"},
        {"architecture_change", "largest change since the start"}}},
      {"search_epoch",
       "Largest eigenvalue of the Hessian in A",
       "eigenvalue",
       false,
       {{"eigenvalue", "validation loss of W1"}}},
      {"search_epoch",
       "Skip connections",
       "number",
       false,
       {{"skips_normal", "normal cell"}, {"skips_reduce", "reduction cell"}}},
      {"search",
       "Seconds per update",
       "seconds",
       true,
       {{"train1_seconds", "W1"}, {"train2_seconds", "δ and W2"}, {"architecture_seconds", "A"}}}};
}

/// What its saliency is worth, and how much of the hypergradient follows it.
std::vector<ChartPlan> saliency_plans() {
  return {{"search_epoch",
           "Shares of the terms in the hypergradient",
           "‖term‖ / ‖total‖",
           true,
           {{"share_d1", "d1"},
            {"share_d2", "d2"},
            {"share_I1", "I1"},
            {"share_I2", "I2"},
            {"share_I3", "I3: δ, W2"},
            {"share_I4", "I4: W1, δ, W2"}}},
          {"search_epoch",
           "What the attack's saliency is worth",
           "share or correlation",
           false,
           {{"saliency_seed_agreement", "agreement of two seeds"},
            {"saliency_saturated", "saturated pixels"},
            {"saliency_average_precision", "average precision in masks"},
            {"saliency_pointing_game", "pointing game"}}}};
}

/// How far a training has come.
std::vector<ChartPlan> training_plans() {
  return {
      {"train_epoch",
       "Mean losses of the epochs",
       "loss",
       false,
       {{"loss", "training"}, {"validation_loss", "validation"}, {"test_loss", "test"}}},
      {"train_epoch",
       "Accuracies of the epochs",
       "accuracy",
       false,
       {{"top1", "training, top-1"},
        {"validation_top1", "validation, top-1"},
        {"test_top1", "test, top-1"},
        {"top5", "training, top-5"},
        {"validation_top5", "validation, top-5"},
        {"test_top5", "test, top-5"}}},
      {"train", "Loss of the mini-batches", "loss", false, {{"loss", "training"}}},
      {"train", "Accuracy of the mini-batches", "top-1", false, {{"top1", "training"}}},
      {"train", "Learning rate", "rate", false, {{"learning_rate", "all weights"}}},
      {"train", "Drop-path probability", "probability", false, {{"drop_path", "cells"}}},
      {"train", "Gradient norm", "norm", true, {{"gradient_norm", "all weights"}}},
      {"train_epoch", "Seconds per epoch", "seconds", false, {{"seconds", "training and tests"}}}};
}

}  // namespace

const std::vector<ChartPlan>& chart_plans() {
  static const std::vector<ChartPlan> all = [] {
    std::vector<ChartPlan> plans;
    for (const auto& part :
         {search_plans(), architecture_plans(), saliency_plans(), training_plans()}) {
      plans.insert(plans.end(), part.begin(), part.end());
    }
    return plans;
  }();
  return all;
}

const std::vector<ChartPlan>& compared_plans() {
  static const std::vector<ChartPlan> plans{
      {"search", "Training loss of W1", "loss", false, {{"train1_loss", ""}}},
      {"search_epoch", "Training accuracy of W1", "top-1", false, {{"train1_top1", ""}}},
      {"search_epoch", "Validation accuracy of W1", "top-1", false, {{"validation1_top1", ""}}},
      {"search_epoch", "Entropy of the operation weights", "nats", false, {{"entropy", ""}}},
      {"search", "Norm of the hypergradient", "norm", true, {{"hypergradient_norm", ""}}},
      {"search_epoch",
       "Skip connections of the normal cell",
       "number",
       false,
       {{"skips_normal", ""}}},
      {"train_epoch", "Training loss", "loss", false, {{"loss", ""}}},
      {"train_epoch", "Test loss", "loss", false, {{"test_loss", ""}}},
      {"train_epoch", "Training accuracy", "top-1", false, {{"top1", ""}}},
      {"train_epoch", "Validation accuracy", "top-1", false, {{"validation_top1", ""}}},
      {"train_epoch", "Test accuracy", "top-1", false, {{"test_top1", ""}}},
  };
  return plans;
}

const std::set<std::string>& placed_elsewhere() {
  static const std::set<std::string> keys{
      "stage",           "epoch",         "step",           "seconds",
      "parameters",      "macs",          "top5",           "learning_rate",
      "skipped_updates", "rollbacks",     "skipped_images", "architecture_passes",
      "train1_passes",   "train2_passes", "max_skips",      "validation_skipped_images"};
  return keys;
}

bool is_epoch_phase(const std::string& phase) { return phase.ends_with("_epoch"); }

}  // namespace sanas
