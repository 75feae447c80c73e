// SPDX-License-Identifier: Apache-2.0
// sanas_eval: trains and tests the discrete network of a genotype.
#include "common/arguments.h"
#include "common/help.h"
#include "common/program.h"
#include "eval/verbs.h"

namespace {

using namespace sanas;

/// Without a verb the program trains, or tests with --test-only.
void add_without_verb(CLI::App& app, EvalCommand& command) {
  add_training(app, command);
  auto* only = app.add_flag("--test-only", command.test_only,
                            "test a checkpoint instead of training, like the verb test");
  for (CLI::Option* option :
       {only, add_checkpoint(app, command), add_second_checkpoint(app, command)}) {
    option->group("Test");
  }
  app.get_option("--checkpoint")->needs(only);
  app.get_option("--second")->needs(only);
  exclude(
      app, "--test-only",
      {"--seeds", "--cells", "--random-genotypes", "--weights", "--out", "--resume", "--dry-run"});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains and tests the network of a genotype; without a verb it trains",
               "sanas_eval");
  add_help(app);
  app.require_subcommand(0, 1);
  EvalCommand command;
  std::function<int()> verb = [&] { return command.test_only ? test(command) : train(command); };
  add_without_verb(app, command);
  auto& training = add_verb(app, "train", "train the network of a genotype, and test it");
  add_training(training, command);
  training.callback([&] { verb = [&] { return train(command); }; });
  auto& testing = add_verb(app, "test", "test the network of a checkpoint");
  add_tested(testing, command);
  testing.callback([&] { verb = [&] { return test(command); }; });
  add_compare(app, verb);
  add_examples(app, {"--config eval_cifar100 --data ~/data --genotype DARTS_V2 --out runs/trained",
                     "--resume --out runs/trained"});
  add_examples(training,
               {"--config eval_cifar100 --data ~/data --genotype runs/first/genotype.txt --out "
                "runs/found",
                "--config eval_cifar100 --data ~/data --genotype DARTS_V2 --seeds 0-2 --out "
                "runs/seeds"});
  add_examples(testing, {"--config eval_cifar100 --data ~/data --checkpoint "
                         "runs/trained/checkpoints/last.safetensors",
                         "--config runs/trained/config.yaml --checkpoint "
                         "runs/trained/checkpoints/last.safetensors"});
  return run_program(
      app, argc, argv, [&] { return verb(); },
      [&] { return memory_advice(unchecked_config(command.common)); });
}
