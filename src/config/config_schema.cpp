// SPDX-License-Identifier: Apache-2.0
#include "config/config_schema.h"

#include "formats/number_text.h"
#include "sanas/core/paths.h"

namespace sanas {
namespace {

// No sensible value comes near these; they keep a slip of the pen from asking for all memory.
constexpr int64_t kMany = 1'000'000'000;
constexpr IntegerRange kCount{0, kMany};
constexpr IntegerRange kPositiveCount{1, kMany};
constexpr IntegerRange kPixels{0, 4096};
constexpr IntegerRange kChannels{1, 4096};
constexpr IntegerRange kCells{1, 1000};
constexpr IntegerRange kInnerSteps{1, 100};

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr NumberRange kNonNegative{};
constexpr NumberRange kPositive{.without_low = true};
constexpr NumberRange kUnit{0.0, 1.0};
constexpr NumberRange kBelowOne{0.0, 1.0, false, true};
constexpr NumberRange kProperShare{0.0, 1.0, true, true};

/// A path, where `~` stands for the home folder.
void bind_path(ConfigVisitor& v, const std::string& key, std::filesystem::path& path,
               const TextPattern& pattern) {
  std::string text = path.string();
  v.text(key, text, pattern);
  path = expand_home(text);
}

void bind(ConfigVisitor& v, AugmentOptions& o) {
  v.count("crop_padding", o.crop_padding, kPixels);
  v.boolean("flip", o.flip);
  v.count("cutout", o.cutout, kPixels);
  v.count("random_resized_crop", o.random_resized_crop, kPixels);
  v.numbers("color_jitter", o.color_jitter, kNonNegative);
  v.count("resize", o.resize, kPixels);
  v.count("center_crop", o.center_crop, kPixels);
}

void bind(ConfigVisitor& v, DataOptions& o) {
  v.choice("name", o.source.name, dataset_names());
  bind_path(v, "root", o.source.root, {});
  v.number("train_portion", o.train_portion, kProperShare);
  v.number("validation_portion", o.validation_portion, kBelowOne);
  v.number("holdout", o.holdout, kBelowOne);
  v.count("split_seed", o.split_seed, IntegerRange{});
  bind_path(v, "search_list", o.search_list, {".*", "a path, or nothing"});
  v.count("workers", o.workers, IntegerRange{0, 256});
  v.count("subset", o.source.subset, kCount);
  v.boolean("pad_to_32", o.source.pad_to_32);
  v.enumeration("on_bad_sample", o.on_bad_sample, {BadSample::kFail, BadSample::kSkip});
  v.enumeration("normalize", o.normalize,
                {NormalizationChoice::kDataset, NormalizationChoice::kNone});
  v.section("augment", [&] { bind(v, o.augment); });
}

void bind(ConfigVisitor& v, PcdartsOptions& o) {
  v.automatic("partial_channels", o.partial_channels, kChannels);
}

void bind(ConfigVisitor& v, PdartsOptions& o) {
  v.integer_list("added_cells", o.added_cells, IntegerRange{0, kCells.high});
  v.integer_list("added_channels", o.added_channels, IntegerRange{0, kChannels.high});
  v.number_list("skip_dropout", o.skip_dropout, kBelowOne);
  v.integer_list("kept_operations", o.kept_operations, IntegerRange{1, 64});
  v.count("max_skips", o.max_skips, IntegerRange{0, 1000});
}

void bind(ConfigVisitor& v, PrdartsOptions& o) {
  v.number("temperature_start", o.temperature_start, kPositive);
  v.number("temperature_end", o.temperature_end, kPositive);
  v.number("stretch_low", o.stretch_low, NumberRange{-kNoLimit, 0.0, true, true});
  v.number("stretch_high", o.stretch_high, NumberRange{1.0, kNoLimit, true});
  v.count("sampled_operations", o.sampled_operations, IntegerRange{1, 64});
  v.number("gate_dropout", o.gate_dropout, kBelowOne);
  v.number("skip_penalty", o.skip_penalty, kNonNegative);
  v.number("group_penalty", o.group_penalty, kNonNegative);
  v.number("depth_reward", o.depth_reward, kNonNegative);
  v.number("penalty_threshold", o.penalty_threshold, kUnit);
}

void bind(ConfigVisitor& v, SupernetChoice& o) {
  v.choice("family", o.family, supernet_family_names());
  v.choice("space", o.space, search_space_names());
  v.count("channels", o.options.channels, kChannels);
  v.count("cells", o.options.cells, kCells);
  v.count("nodes", o.nodes, IntegerRange{1, 16});
  v.enumeration("odd_size", o.options.odd_size,
                {{OddSize::kError, "error"}, {OddSize::kPad, "pad"}});
  v.enumeration("initialization", o.options.initialization,
                {{Initialization::kModern, "modern"}, {Initialization::k2018, "2018"}});
  v.enumeration("zero", o.options.zero,
                {{ZeroVariant::kSkipped, "skipped"},
                 {ZeroVariant::kMultiply, "multiply"},
                 {ZeroVariant::kConstant, "constant"}});
  v.section("pcdarts", [&] { bind(v, o.pcdarts); });
  v.section("pdarts", [&] { bind(v, o.pdarts); });
  v.section("prdarts", [&] { bind(v, o.prdarts); });
}

void bind(ConfigVisitor& v, ScheduleOptions& o) {
  v.number("learning_rate", o.learning_rate, kPositive);
  v.number("min_learning_rate", o.min_learning_rate, kNonNegative);
  v.enumeration(
      "schedule", o.schedule,
      {Schedule::kConstant, Schedule::kCosine, Schedule::kLinear, Schedule::kExponential});
  v.count("warm_up_epochs", o.warm_up_epochs, kCount);
  v.enumeration("warm_up_base", o.warm_up_base, {WarmUpBase::kScheduled, WarmUpBase::kInitial});
}

void bind(ConfigVisitor& v, WeightOptimizerOptions& o) {
  bind(v, o.schedule);
  v.number("momentum", o.momentum, kBelowOne);
  v.number("weight_decay", o.weight_decay, kNonNegative);
  v.boolean("nesterov", o.nesterov);
  v.number("gradient_clip", o.gradient_clip, kNonNegative);
}

void bind(ConfigVisitor& v, ArchitectureOptimizerOptions& o) {
  v.enumeration("optimizer", o.optimizer,
                {ArchitectureOptimizerKind::kAdam, ArchitectureOptimizerKind::kSgd});
  v.number("learning_rate", o.learning_rate, kNonNegative);
  v.numbers("betas", o.betas, kBelowOne);
  v.number("momentum", o.momentum, kBelowOne);
  v.number("weight_decay", o.weight_decay, kNonNegative);
  v.number("gradient_clip", o.gradient_clip, kNonNegative);
  v.number("init_std", o.init_std, kNonNegative);
  v.count("steps", o.steps, IntegerRange{1, 1000});
  v.count("start_epoch", o.start_epoch, kCount);
}

void bind(ConfigVisitor& v, UpdateSchedule& o) {
  v.count("weights1", o.weights1, kPositiveCount);
  v.count("weights2", o.weights2, kPositiveCount);
  v.count("architecture", o.architecture, kPositiveCount);
}

void bind(ConfigVisitor& v, EigenvalueOptions& o) {
  v.count("every", o.every, kCount);
  v.count("iterations", o.iterations, IntegerRange{1, 1000});
  v.boolean("stop", o.stop);
  v.count("window", o.window, IntegerRange{1, 1000});
  v.number("factor", o.factor, kPositive);
  v.count("delta", o.delta, IntegerRange{1, 1000});
  v.count("start_epoch", o.start_epoch, kCount);
}

void bind(ConfigVisitor& v, SearchOptions& o) {
  v.count("epochs", o.epochs, kPositiveCount);
  v.count("batch_size", o.batch_size, kPositiveCount);
  v.count("max_steps", o.max_steps, kCount);
  v.count("report_every", o.report_every, kPositiveCount);
  v.count("validate_every", o.validate_every, kCount);
  v.automatic("validation_batch_size", o.validation_batch_size, kPositiveCount);
  v.enumeration("architecture_batches", o.architecture_batches,
                {ArchitectureBatches::kPersistent, ArchitectureBatches::kFresh});
  v.boolean("adversarial_weights1", o.adversarial_weights1);
  v.boolean("sequential_stages", o.sequential_stages);
  v.enumeration("precision", o.precision,
                {Precision::kFloat32, Precision::kTf32, Precision::kBfloat16});
  v.section("weights", [&] {
    std::string optimizer = "sgd";  // the key belongs to the schema, though there is but one
    v.choice("optimizer", optimizer, {optimizer});
    bind(v, o.weights);
  });
  v.section("architecture", [&] { bind(v, o.architecture); });
  v.section("update_every", [&] { bind(v, o.update_every); });
  v.enumeration("update_order", o.update_order,
                {UpdateOrder::kArchitectureFirst, UpdateOrder::kWeightsFirst});
  v.section("eigenvalue", [&] { bind(v, o.eigenvalue); });
}

void bind(ConfigVisitor& v, InnerSteps& o) {
  v.count("weights1", o.weights1, kInnerSteps);
  v.count("delta", o.delta, kInnerSteps);
  v.count("weights2", o.weights2, kInnerSteps);
}

void bind(ConfigVisitor& v, PerTerm<bool>& o) {
  for (const Term term : kTerms) {
    v.boolean(to_string(term), o[term]);
  }
}

void bind(ConfigVisitor& v, HypergradientOptions& o) {
  v.enumeration("order", o.order, {HypergradientOrder::kFirst, HypergradientOrder::kSecond});
  v.enumeration("approximation", o.approximation,
                {SecondOrderApproximation::kFiniteDifference, SecondOrderApproximation::kCentral4,
                 SecondOrderApproximation::kExact});
  v.number("finite_difference_radius", o.finite_difference_radius, kPositive);
  v.boolean("shared_passes", o.shared_passes);
  v.number("gamma", o.gamma, kNonNegative);
  v.automatic("weight1_step_size", o.weight1_step_size, kNonNegative);
  v.automatic("weight2_step_size", o.weight2_step_size, kNonNegative);
  v.number("delta_step_size", o.delta_step_size, kNonNegative);
  v.boolean("virtual_momentum", o.virtual_momentum);
  v.boolean("virtual_weight_decay", o.virtual_weight_decay);
  v.enumeration("implicit", o.implicit,
                {ImplicitDerivative::kUnrolled, ImplicitDerivative::kIdentity});
  v.enumeration("stage3_reduction", o.stage3_reduction,
                {Stage3Reduction::kMean, Stage3Reduction::kSum});
  v.section("inner_steps", [&] { bind(v, o.inner_steps); });
  v.section("terms", [&] { bind(v, o.terms); });
}

void bind(ConfigVisitor& v, AttackOptions& o) {
  v.enumeration("space", o.space, {AttackSpace::kPixels, AttackSpace::kNormalized});
  v.enumeration("norm", o.norm, {AttackNorm::kLinf, AttackNorm::kL2});
  v.count("steps", o.steps, IntegerRange{0, 1000});
  v.number("epsilon", o.epsilon, kPositive);
  v.number("step_size", o.step_size, kPositive);
  v.boolean("random_start", o.random_start);
  v.enumeration("loss", o.loss, {AttackLoss::kSoft, AttackLoss::kLabel, AttackLoss::kPseudo});
  v.boolean("detach_target", o.detach_target);
  v.enumeration("jacobian", o.jacobian, {AttackJacobian::kStraightThrough, AttackJacobian::kExact});
}

void bind(ConfigVisitor& v, EvaluationOptions& o) {
  bind_path(v, "initial_weights", o.initial_weights, {".*", "a path, or nothing"});
  v.count("channels", o.channels, kChannels);
  v.count("cells", o.cells, kCells);
  v.count("epochs", o.epochs, kPositiveCount);
  v.count("batch_size", o.batch_size, kPositiveCount);
  v.count("accumulation_steps", o.accumulation_steps, kPositiveCount);
  v.enumeration("precision", o.precision,
                {Precision::kFloat32, Precision::kTf32, Precision::kBfloat16});
  v.count("max_steps", o.max_steps, kCount);
  v.count("report_every", o.report_every, kPositiveCount);
  bind(v, o.weights);
  v.number("ema_decay", o.ema_decay, kBelowOne);
  v.number("auxiliary_weight", o.auxiliary_weight, kNonNegative);
  v.enumeration("auxiliary_variant", o.auxiliary_variant,
                {{AuxiliaryVariant::kDarts, "darts"}, {AuxiliaryVariant::kPdarts, "pdarts"}});
  v.number("drop_path", o.drop_path, kBelowOne);
  v.count("cutout", o.cutout, kPixels);
  v.number("label_smoothing", o.label_smoothing, kBelowOne);
  v.boolean("test_each_epoch", o.test_each_epoch);
  v.enumeration("test_on", o.test_on,
                {TestImages::kTest, TestImages::kHoldout, TestImages::kValidation});
  v.automatic("test_batch_size", o.test_batch_size, kPositiveCount);
  v.count("test_images", o.test_images, kCount);
  v.enumeration("selection", o.selection,
                {Selection::kLast, Selection::kValidation, Selection::kTest});
  v.enumeration("inference", o.inference,
                {Inference::kPlain, Inference::kReweighted, Inference::kTwoNetworks});
  v.count("latency_runs", o.latency_runs, IntegerRange{0, 100'000});
}

void bind(ConfigVisitor& v, CheckpointOptions& o) {
  v.count("every_steps", o.every_steps, kCount);
  v.number("every_minutes", o.every_minutes, kNonNegative);
  v.count("keep", o.keep, IntegerRange{1, 1000});
}

}  // namespace

std::string to_string(Method method) {
  switch (method) {
    case Method::kSanas:
      return "sanas";
    case Method::kPlain:
      return "plain";
    case Method::kEc:
      return "ec";
    case Method::kCdep:
      return "cdep";
    case Method::kGmpgc:
      return "gmpgc";
  }
  return {};
}

std::string to_string(Strategy strategy) {
  return strategy == Strategy::kGradient ? "gradient" : "random";
}

std::string IntegerRange::describe() const {
  const std::string from = "an integer of at least " + std::to_string(low);
  return high >= kMany ? from
                       : "an integer from " + std::to_string(low) + " to " + std::to_string(high);
}

bool NumberRange::contains(double value) const {
  return (without_low ? value > low : value >= low) &&
         (without_high ? value < high : value <= high);
}

std::string NumberRange::describe() const {
  if (low == -kNoLimit) {
    return (without_high ? "a number below " : "a number of at most ") + format_number(high);
  }
  if (high == kNoLimit) {
    return (without_low ? "a number above " : "a number of at least ") + format_number(low);
  }
  if (!without_low && !without_high) {
    return "a number from " + format_number(low) + " to " + format_number(high);
  }
  return (without_low ? "a number above " : "a number of at least ") + format_number(low) +
         (without_high ? " and below " : " and at most ") + format_number(high);
}

void bind(ConfigVisitor& v, SaliencyCheckOptions& o) {
  v.count("every", o.every, kCount);
  v.text("images", o.images, {".*", "a file, a folder, a data set, or nothing"});
  o.images = expand_home(o.images).string();
  v.count("count", o.count, kPositiveCount);
  bind_path(v, "masks", o.masks, {".*", "a path, or nothing"});
}

void bind(ConfigVisitor& v, Config& config) {
  v.text("name", config.name,
         {"[^/]+", "one line without '/' of at most " + std::to_string(kLongestName) + " bytes",
          kLongestName});
  v.enumeration("method", config.method,
                {Method::kSanas, Method::kPlain, Method::kEc, Method::kCdep, Method::kGmpgc});
  v.count("seed", config.seed, IntegerRange{});
  v.text("device", config.device, {"auto|cpu|cuda(:[0-9]{1,3})?", "auto, cpu, cuda or cuda:N"});
  v.count("threads", config.threads, IntegerRange{0, 1024});
  v.boolean("deterministic", config.deterministic);
  v.enumeration("kernels", config.kernels, {KernelChoice::kAuto, KernelChoice::kComposed});
  v.enumeration("on_nonfinite", config.search.on_nonfinite,
                {NonFinitePolicy::kStop, NonFinitePolicy::kSkip, NonFinitePolicy::kRollback});
  v.section("dataset", [&] { bind(v, config.dataset); });
  v.section("supernet", [&] { bind(v, config.supernet); });
  v.section("search", [&] {
    v.enumeration("strategy", config.strategy, {Strategy::kGradient, Strategy::kRandom});
    bind(v, config.search);
    v.section("random", [&] {
      v.count("epochs", config.random_search.epochs, kPositiveCount);
      v.count("candidates", config.random_search.candidates, kCount);
    });
    v.section("saliency", [&] { bind(v, config.saliency); });
  });
  v.section("hypergradient", [&] { bind(v, config.search.hypergradient); });
  v.section("attack", [&] {
    bind(v, config.search.attack);
    v.count("start_epoch", config.search.attack_start_epoch, kCount);
    v.boolean("persistent", config.search.keep_perturbations);
  });
  v.enumeration(
      "reweight", config.search.reweighting,
      {Reweighting::kDelta, Reweighting::kAbs, Reweighting::kOnePlusAbs, Reweighting::kMask});
  v.enumeration(
      "reweight_normalization", config.search.weight_normalization,
      {WeightNormalization::kNone, WeightNormalization::kMinMax, WeightNormalization::kUnitMean});
  v.section("evaluation", [&] { bind(v, config.evaluation); });
  v.section("checkpoint", [&] { bind(v, config.checkpoint); });
}

}  // namespace sanas
