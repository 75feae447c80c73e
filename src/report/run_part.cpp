// SPDX-License-Identifier: Apache-2.0
#include "report/run_part.h"

#include "report/curves.h"
#include "report/html.h"
#include "report/operation_weights.h"
#include "report/sections.h"

namespace sanas {

const char* kind_name(RunKind kind) {
  switch (kind) {
    case RunKind::kEvaluation:
      return "Training of a network";
    case RunKind::kSaliency:
      return "Saliency maps";
    case RunKind::kSearch:
      break;
  }
  return "Architecture search";
}

std::string run_heading(const RunContents& run) {
  return escape_html(run.name) + " <small>" + kind_name(run.kind) + "</small>";
}

std::vector<PagePart> parts_of(const RunContents& run, const std::string& id,
                               const std::filesystem::path& page_folder) {
  PictureRoom room;
  return {
      {id + "-what", "What was run", sessions_section(run)},
      {id + "-test", "Test", test_section(run)},
      {id + "-saliency", "Saliency",
       pictures_section(run, page_folder, room) + predictions_section(run)},
      {id + "-curves", "Curves", draw_curves(run)},
      {id + "-cells", "Cells", run.genotype ? cells_section(*run.genotype) : ""},
      {id + "-normal", "Operation weights of the normal cell", draw_operation_weights(run, false)},
      {id + "-reduction", "Operation weights of the reduction cell",
       draw_operation_weights(run, true)},
      {id + "-cost", "Time, passes and memory per update", cost_section(run)},
      {id + "-log", "Log", log_section(run)},
      {id + "-files", "Files", files_section(run, page_folder)},
      {id + "-configuration", "Configuration", configuration_section(run)}};
}

PagePart run_part(const RunContents& run, const std::string& id, const std::string& heading,
                  const std::vector<PagePart>& parts) {
  return {id, heading, problems_of(run, "this run") + overview(run) + to_html(parts)};
}

}  // namespace sanas
