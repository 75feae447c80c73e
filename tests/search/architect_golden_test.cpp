// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "sanas/search/architect.h"
#include "supernet/search_support.h"

namespace sanas {
namespace {

/// Second-order DARTS on the networks of darts-family §13.2 and §13.3: η = 0.025, momentum 0.9,
/// weight decay 3e-4.
class GoldenArchitect : public testing::Test {
 protected:
  explicit GoldenArchitect(const std::string& family = "darts")
      : networks_(make_networks(family)),
        weights_(networks_.net1->parameters(), {}),
        architecture_(alphas(), {}) {}

  TensorList alphas() const { return networks_.architecture()->tensors(); }

  TensorList gradient() const {
    return PlainArchitect(networks_, weights_, options_)
        .gradient(batch(golden_training_batch()), batch(golden_validation_batch()), 0, false)
        .total;
  }

  torch::Tensor training_loss() const { return loss_of(*networks_.net1, golden_training_batch()); }

  /// @return the norm of the gradient before clipping.
  double weight_step() {
    return weights_.step(gradients_of(training_loss(), weights_.parameters()));
  }

  const torch::Tensor& weight(const char* name) const {
    return *networks_.net1->named_parameters().find(name);
  }

  SearchNetworks networks_;
  WeightOptimizer weights_;
  ArchitectureOptimizer architecture_;
  /// The golden numbers are those of the original code, by differences.
  HypergradientOptions options_{.approximation = SecondOrderApproximation::kFiniteDifference};

 private:
  static SearchNetworks make_networks(const std::string& family) {
    auto choice = choice_of(family);
    choice.options = golden_options();
    TensorList values{golden_alphas(false), golden_alphas(true)};
    if (family == "pcdarts") {
      values.insert(values.end(), {golden_betas(false), golden_betas(true)});
    }
    const auto architecture = architecture_of(make_search_space(choice), values);
    return {.net1 = filled(make_supernet(choice, architecture)), .net2 = {}, .normalization = {}};
  }

  static Batch batch(const GoldenBatch& golden) { return {golden.images, golden.labels, {}}; }
};

class GoldenPcdartsArchitect : public GoldenArchitect {
 protected:
  GoldenPcdartsArchitect() : GoldenArchitect("pcdarts") {}
};

// darts-family §13.2.
TEST_F(GoldenArchitect, FirstOrder) {
  options_.order = HypergradientOrder::kFirst;
  const auto total = gradient();
  expect_published(chk_and_norm(total),
                   "-1.821850332426e-1 1.028253413563 4.999653230800e-3 4.115978711515e-1");
  architecture_.step(total);
  expect_published({chk(alphas()[0]), chk(alphas()[1])}, "6.037732179645e-2 1.532884217833e-1");
}

TEST_F(GoldenArchitect, SecondOrderWithoutMomentumBuffers) {
  const auto total = gradient();
  expect_published(chk_and_norm(total),
                   "3.759364062592 31.40920781933 6.342870704325e-2 19.51602407168");
  expect_published({elements(total[0]).front()}, "9.041030181291e-1");
}

TEST_F(GoldenArchitect, SecondOrderWithMomentum) {
  expect_published({weight_step()}, "44.95101594907");
  expect_published({chk(weight("stem.0.weight")), chk(weight("classifier.weight"))},
                   "-1.931210863891e-1 -2.288229991755e-2");
  const auto total = gradient();
  expect_published(chk_and_norm(total),
                   "5.330082815053e-1 7.218999384166 -4.051821600699e-2 3.694716505296");
  const auto normal = elements(total[0]);
  expect_published({normal.front(), normal.back()}, "-7.556706150588e-1 5.183806730798e-1");
  architecture_.step(total);
  expect_published({chk(alphas()[0]), chk(alphas()[1])}, "5.948089746336e-2 1.524113366099e-1");
  expect_published({training_loss().item<double>()}, "2.588254944655");
}

// method §3.5.
TEST_F(GoldenArchitect, ExactProduct) {
  options_.approximation = SecondOrderApproximation::kExact;
  expect_published(chk_and_norm(gradient()),
                   "1.40875469599 10.2789571660 0.115182837124 8.76907108136");
}

// method §3.5: the jumps crossed are divided by 2α, until no activation changes its sign any more.
TEST_F(GoldenArchitect, DifferencesAtKinks) {
  const auto norms = [&](double radius) {
    options_.finite_difference_radius = radius;
    const auto total = gradient();
    return std::vector<double>{total[0].norm().item<double>(), total[1].norm().item<double>()};
  };
  expect_published(norms(1e-2), "31.41 19.52");
  expect_published(norms(1e-3), "36.56 22.19");
  expect_published(norms(1e-4), "178.9 177.8");
  expect_published(norms(1e-5), "1692.6 1211.7");
  const auto smallest = norms(1e-6);  // the last digits are rounding
  EXPECT_NEAR(smallest[0], 10.278957082, 1e-7);
  EXPECT_NEAR(smallest[1], 8.769071002, 1e-7);
}

// darts-family §13.3.
TEST_F(GoldenPcdartsArchitect, FirstOrder) {
  options_.order = HypergradientOrder::kFirst;
  expect_published(chk_and_norm(gradient()),
                   "-5.788389548120e-3 3.164319796374e-2 3.044027853957e-3 1.782643207469e-2 "
                   "-1.054365257335e-3 6.504961218551e-2 -1.046754765604e-3 4.331989578488e-2");
}

TEST_F(GoldenPcdartsArchitect, SecondOrderWithoutMomentumBuffers) {
  expect_published(chk_and_norm(gradient()),
                   "-8.502029696695e-3 6.778853309042e-2 1.653336588341e-2 7.102670013854e-2 "
                   "1.451087122498e-3 1.183834480031e-1 -8.953655212931e-3 1.849663346004e-1");
}

TEST_F(GoldenPcdartsArchitect, SecondOrderWithMomentum) {
  expect_published({weight_step()}, "2.366156265272");
  expect_published({chk(weight("stem.0.weight")), chk(weight("classifier.weight"))},
                   "5.467674937778e-2 -2.198001506859e-2");
  expect_published(chk_and_norm(gradient()),
                   "1.127221219390e-2 8.337275444297e-2 2.734131916495e-3 4.478123852605e-2 "
                   "1.070821209957e-2 1.114202682944e-1 -6.266719247929e-3 1.988232264409e-1");
}

}  // namespace
}  // namespace sanas
