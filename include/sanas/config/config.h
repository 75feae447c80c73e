// SPDX-License-Identifier: Apache-2.0
#pragma once

// One run as a YAML file describes it: reading, checking and writing a configuration.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sanas/config/checkpoint_options.h"
#include "sanas/data/data_options.h"
#include "sanas/kernels/kernel_choice.h"
#include "sanas/search/options.h"
#include "sanas/supernet/factory.h"
#include "sanas/train/options.h"

namespace sanas {

/// How an architecture is searched: by SANAS, by the plain host method, or by the host method with
/// one of the regularisers that the paper compares with (method §8).
enum class Method { kSanas, kPlain, kEc, kCdep, kGmpgc };

std::string to_string(Method method);

/// How a search finds its architecture: by the gradients of a search network, or by training random
/// architectures with the same compute.
enum class Strategy { kGradient, kRandom };

std::string to_string(Strategy strategy);

/// Section `search.random`, for `search.strategy: random`.
struct RandomSearchOptions {
  /// How long each candidate is trained.
  int64_t epochs = 5;
  /// 0: as many as the compute of the configured search is enough for.
  int64_t candidates = 0;
};

/// Section `search.saliency`: on which images the attack of a search is measured while it runs.
struct SaliencyCheckOptions {
  /// In epochs; 0: never.
  int64_t every = 1;
  /// A file, a folder, or a data set by name with an optional ":train" or ":test" (open_images);
  /// empty: of the images that the architecture learns from.
  std::string images;
  /// At most that many.
  int64_t count = 16;
  /// Folder of masks of `images` (SaliencyMetricsOptions); empty: none.
  std::filesystem::path masks;
};

/// One run, as a YAML file describes it. The file's sections `hypergradient` and `attack` and its
/// keys `reweight` and `on_nonfinite` are fields of `search`. What several parts have to know is
/// said once: `method`, `seed` and `search.on_nonfinite` count, not the fields of `search` and
/// `evaluation` that search_options and evaluation_options fill with them.
struct Config {
  std::string name = "run";
  Method method = Method::kSanas;
  /// `search.strategy`.
  Strategy strategy = Strategy::kGradient;
  uint64_t seed = 2;
  /// auto, cpu, cuda or cuda:N (resolve_device).
  std::string device = "auto";
  /// CPU threads; 0: OMP_NUM_THREADS, or one per core.
  int threads = 0;
  bool deterministic = false;
  /// Of the cells of all networks.
  KernelChoice kernels = KernelChoice::kAuto;
  DataOptions dataset;
  SupernetChoice supernet;
  SearchOptions search;
  RandomSearchOptions random_search;
  SaliencyCheckOptions saliency;
  EvaluationOptions evaluation;
  CheckpointOptions checkpoint;
};

/// What the search of a configuration works with: section `search` with the configuration's method
/// and seed, and an attack that has the steps of eq. 2 of the hypergradient (attack_of).
SearchOptions search_options(const Config& config);

/// What the training of a discrete network works with: section `evaluation` with the
/// configuration's seed and `on_nonfinite`.
EvaluationOptions evaluation_options(const Config& config);

/// Reads a configuration strictly: an unknown key, a key given twice, a wrong type, a value out of
/// range or an anchor is a ConfigError that names file, line and key, and what would be right.
/// Keys that are not given have the defaults of the structs, `name` that of the file, in which what
/// no name may have becomes '-'.
/// @param overrides `key.sub=value`, applied in order; they win over the text.
Config parse_config(const std::string& text, const std::string& filename,
                    const std::vector<std::string>& overrides = {});

/// The file behind a path or a bare name, with or without `.yaml`; a bare name is looked up in
/// `folders` in turn. Throws ConfigError that says where it looked and what is called nearly so.
std::filesystem::path find_config(const std::string& name_or_path,
                                  const std::vector<std::filesystem::path>& folders);

/// parse_config of what find_config finds. Throws ConfigError.
Config load_config(const std::string& name_or_path, const std::vector<std::string>& overrides = {},
                   const std::vector<std::filesystem::path>& folders = {".", "configs"});

/// All keys with their values: parse_config reads back an equal configuration, numbers bit for bit,
/// if check_writable lets it pass. What parse_config gave always does.
std::string to_yaml(const Config& config);

/// For values that no file was read for: throws ConfigError that names the key if what to_yaml
/// writes would be refused or read as something else, e.g. a number that is not finite or a path
/// with a line end. A run checks this before it writes its configuration down.
void check_writable(const Config& config);

/// Equal in every key.
bool operator==(const Config& a, const Config& b);

/// Every key as a dotted path, e.g. "search.weights.momentum".
std::vector<std::string> config_keys();

/// The keys in which two configurations differ.
std::vector<std::string> changed_keys(const Config& a, const Config& b);

/// What a search can't do with these values although each is allowed by itself: a method that this
/// version does not have, a space without that many nodes, a rate that would rise.
/// Throws ConfigError that names the key.
void validate_search(const Config& config);

/// The same for the training of a discrete network.
void validate_evaluation(const Config& config);

/// Both.
void validate(const Config& config);

/// For a length of an attack in the maximum norm: a sentence if it was probably meant in grey
/// levels (8 for 8/255), otherwise nothing.
std::string grey_level_warning(const std::string& name, double length);

/// What is allowed but seldom meant: values of `config` by themselves, and those that differ from
/// `original`, the configuration as its file has it. One sentence each.
std::vector<std::string> config_warnings(const Config& original, const Config& config);

}  // namespace sanas
