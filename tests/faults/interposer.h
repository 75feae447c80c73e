// SPDX-License-Identifier: Apache-2.0
// A disk that fails: stands between a program and the C library (LD_PRELOAD, or linked before it).
#pragma once

extern "C" {

/// From now on counts the calls that change something below `folder` (open for writing, write,
/// fsync, rename, link, truncate), and lets number `call` (from 1) and all after it fail with the
/// error number `error`; a write does half of its work before. With `error` −1 the process is
/// killed there instead (SIGKILL); with `bytes` ≥ 0 not a call but the byte of that number is where
/// it begins, as on a disk that is full. `call` 0: nothing fails.
void sanas_faults_arm(const char* folder, long call, long bytes, int error);

/// Calls counted since then.
long sanas_faults_calls();
}
