// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace sanas {

// Each adds one verb to the program; when it is chosen on the command line, `verb` becomes what to
// run.

/// forward: logits, loss and gradients of a network for given weights and inputs.
void add_forward(CLI::App& app, std::function<void()>& verb);
/// hypergradient: every term of the hypergradient for a given state.
void add_hypergradient(CLI::App& app, std::function<void()>& verb);
/// loader: the batches of an epoch, and how fast they come.
void add_loader(CLI::App& app, std::function<void()>& verb);
/// time: seconds and memory of passes through a network.
void add_time(CLI::App& app, std::function<void()>& verb);

}  // namespace sanas
