// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sanas::run_files {

// What lies in a run folder under which name (docs/run_folder.md).

// Of every search and training.
inline constexpr const char* kConfig = "config.yaml";
inline constexpr const char* kBaseConfig = "config.base.yaml";
inline constexpr const char* kLog = "log.txt";
inline constexpr const char* kSessions = "sessions.jsonl";
inline constexpr const char* kMetrics = "metrics.jsonl";
inline constexpr const char* kGenotype = "genotype.txt";
inline constexpr const char* kSearchList = "search_list.txt";
inline constexpr const char* kHeatMaps = "heat_maps.png";
inline constexpr const char* kReport = "report.html";
inline constexpr const char* kCells = "cells";
inline constexpr const char* kCheckpoints = "checkpoints";
inline constexpr const char* kLastCheckpoint = "checkpoints/last.safetensors";

// Of a training that is over.
inline constexpr const char* kWeights = "weights.safetensors";
inline constexpr const char* kTestReport = "test_report.json";
inline constexpr const char* kTestAccuracy = "test_accuracy.txt";
inline constexpr const char* kConfusion = "confusion.tsv";

// Of saliency maps.
inline constexpr const char* kSaliency = "saliency.json";
inline constexpr const char* kPredictions = "predictions.jsonl";
inline constexpr const char* kContactSheet = "contact_sheet.png";

// Runs within runs.
inline constexpr const char* kSecondNetwork = "second";
inline constexpr const char* kCandidates = "candidates";
inline constexpr const char* kSearchRun = "search";
inline constexpr const char* kTrainingRun = "eval";

// Of several runs.
inline constexpr const char* kResults = "results.tsv";
inline constexpr const char* kGammaTable = "gamma.tsv";
inline constexpr const char* kGamma = "gamma.txt";

}  // namespace sanas::run_files
