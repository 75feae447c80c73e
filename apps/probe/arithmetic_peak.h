// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sanas {

/// Float32 operations per second that `threads` threads reach together with nothing but
/// multiply-adds (two operations each) in registers, in the widest vectors that the processor has:
/// the limit of everything else.
double arithmetic_peak(int threads);

}  // namespace sanas
