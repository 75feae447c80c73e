// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "sanas/config/config.h"
#include "support/temporary_folder.h"

namespace sanas {

/// CIFAR-10 in its binary layout, of noise: 12 training and 4 test images.
inline void write_cifar10(const std::filesystem::path& folder) {
  constexpr int kRecord = 1 + 3 * 32 * 32;
  std::filesystem::create_directories(folder);
  test::Sequence bytes(1);
  for (const auto& [name, count] : {std::pair("data_batch_1.bin", 12), {"test_batch.bin", 4}}) {
    std::string content;
    for (int i = 0; i < count * kRecord; ++i) {
      content += static_cast<char>(i % kRecord == 0 ? i / kRecord % 10 : bytes.below(256));
    }
    test::write_content(folder / name, content);
  }
  test::write_content(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
}

/// 2 epochs of 3 mini-batches, a checkpoint after every second one and at the end of each epoch.
inline Config small_run(const std::filesystem::path& data) {
  Config config;
  config.method = Method::kPlain;
  config.device = "cpu";
  config.threads = 1;
  config.dataset.source.root = data;
  config.dataset.workers = 0;
  config.supernet.nodes = 1;
  config.supernet.options.channels = 2;
  config.supernet.options.cells = 3;
  config.search.epochs = 2;
  config.search.batch_size = 2;
  config.search.report_every = 1;
  config.search.hypergradient.order = HypergradientOrder::kFirst;
  config.evaluation.channels = 2;
  config.evaluation.cells = 3;
  config.evaluation.epochs = 2;
  config.evaluation.batch_size = 4;
  config.evaluation.report_every = 1;
  config.checkpoint.every_steps = 2;
  config.checkpoint.keep = 2;
  return config;
}

}  // namespace sanas
