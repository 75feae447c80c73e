// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/json_lines.h"
#include "runs/search/term_shares.h"
#include "sanas/attack/pgd.h"
#include "sanas/config/config.h"
#include "sanas/data/image_preparation.h"
#include "sanas/saliency/map_meter.h"
#include "sanas/search/search_loop.h"
#include "sanas/setup/search_setup.h"

namespace sanas {

/// What the saliency of a search is worth. Means over images.
struct SaliencyQuality {
  int64_t images = 0;
  /// Spearman's rank correlation between the maps of two seeds of the attack; NaN where no image
  /// has two maps that vary.
  double seed_agreement = 0.0;
  /// Share of a map's pixels that have its largest value, within a thousandth.
  double saturated = 0.0;
  /// Where there are masks (LocalizationScores).
  std::optional<double> average_precision;
  std::optional<double> pointing_game;
  /// Where the hypergradient has terms.
  std::optional<TermShares> shares;
  /// Whether it is meant to lead through δ in this epoch.
  bool follows_delta = false;
};

/// What a search is warned of.
enum class SaliencyTrouble { kSaturated, kDeadPath };

/// Images that the weights of a search do not learn from, on which its attack is measured again and
/// again: section `search.saliency` of the configuration.
class SaliencyProbe {
 public:
  /// Images that can't be decoded are passed over. Throws ConfigError or DataError for images or
  /// masks that the configuration names and that are not there.
  SaliencyProbe(const SearchSetup& setup, const Config& config, Log& log);

  /// Whether the epoch is one in which to measure.
  bool is_due(int64_t epoch) const;

  /// Maps are |δ| of the search's attack with the configuration's seed and the one after it, as
  /// `sanas_saliency --preset checkpoint --seed` makes them: where a network's outputs for an image
  /// depend on the others, or are random, one image at a time with the same draws. Terms are of one
  /// half of the held-out images for the weights, and the other for the architecture. Leaves the
  /// search and all random generators as they are.
  SaliencyQuality measure(const SearchLoop& loop, int64_t epoch) const;

 private:
  struct Images {
    std::vector<torch::Tensor> pixels;  ///< 1×3×H×W each
    std::vector<int64_t> labels;
    std::vector<ImageGeometry> geometries;
    std::vector<torch::Tensor> masks;  ///< bool, of the pictures' sizes; undefined without masks

    void add(const PreparedImage& prepared, int64_t label, torch::Tensor mask);
  };

  Images held_out_images(const SearchSetup& setup, const ImagePreparation& prepare) const;
  Images named_images(const Config& config, const ImagePreparation& prepare, Log& log) const;
  /// Half for the weights, and half for the architecture.
  void share_out(const Images& held_out, const torch::Device& device);
  /// N×H×W.
  torch::Tensor maps(const SearchLoop& loop, uint64_t seed) const;
  void measure_maps(const SearchLoop& loop, SaliencyQuality& quality) const;
  std::optional<TermShares> measure_terms(const SearchLoop& loop, int64_t epoch) const;

  SaliencyCheckOptions options_;
  AttackOptions attack_;
  int64_t batch_size_ = 1;
  uint64_t seed_;
  Images images_;  ///< of the maps
  /// Held-out images, half and half; empty where there are not enough.
  Batch train_;
  Batch validation_;
};

/// For metrics.jsonl.
void append(JsonRecord& record, const SaliencyQuality& quality);

/// For the log: a sentence without an end.
std::string saliency_text(const SaliencyQuality& quality);

/// Where maps say next to nothing about their images, and where the search hardly follows them.
std::map<SaliencyTrouble, std::string> saliency_warnings(const SaliencyQuality& quality);

}  // namespace sanas
