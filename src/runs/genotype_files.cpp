// SPDX-License-Identifier: Apache-2.0
#include "runs/genotype_files.h"

#include "report/run_files.h"
#include "sanas/report/cell_drawing.h"

namespace sanas {
namespace {

void save_cell(const RunFolder& folder, const CellGenotype& cell, const std::string& name) {
  const std::string title = name + " cell";
  folder.write_text("cells/" + name + ".dot", cell_to_dot(cell, title));
  folder.write_text("cells/" + name + ".svg", cell_to_svg(cell, title));
  if (const auto pdf = cell_to_pdf(cell, title)) {
    folder.write_text("cells/" + name + ".pdf", *pdf);
  } else {
    folder.remove("cells/" + name + ".pdf");  // of another genotype
  }
}

}  // namespace

void save_genotype(const RunFolder& folder, const Genotype& genotype) {
  folder.write_text(run_files::kGenotype, to_string(genotype) + "\n");
  save_cell(folder, genotype.normal, "normal");
  save_cell(folder, genotype.reduce, "reduction");
}

}  // namespace sanas
