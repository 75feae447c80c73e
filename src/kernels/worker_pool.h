// SPDX-License-Identifier: Apache-2.0
#pragma once

// The threads that the kernels share their work among. LibTorch's own can only be used by code that
// is compiled with the OpenMP of the compiler that made it.

#include <cstdint>
#include <functional>

namespace sanas::kernels {

/// What is done to item `item` by thread `thread`, both from 0 on.
using WorkItem = std::function<void(int64_t item, int thread)>;

/// Threads that `run_items` uses: as many as LibTorch computes with (at::get_num_threads).
int worker_threads();

/// Calls work(item, thread) for the items 0 … count − 1, each once, by several threads, and returns
/// when all have ended. The items are handed out one by one, so which thread gets which is left
/// open, and fewer threads do it where the system gives no more. A thread without work spins for
/// some microseconds and then sleeps. An exception of an item is thrown on when the others have
/// ended. Called from several threads at once, or from within an item, all but one of the calls run
/// on their own thread alone.
void run_items(int64_t count, const WorkItem& work);

}  // namespace sanas::kernels
