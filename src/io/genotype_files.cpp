// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/genotype_files.h"

#include "sanas/core/error.h"
#include "sanas/io/cell_drawing.h"
#include "sanas/io/checkpoint_info.h"
#include "sanas/io/safetensors.h"

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
  folder.write_text("genotype.txt", to_string(genotype) + "\n");
  save_cell(folder, genotype.normal, "normal");
  save_cell(folder, genotype.reduce, "reduction");
}

Genotype find_genotype(const std::string& source) {
  if (!source.ends_with(".safetensors")) {
    return load_genotype(source);
  }
  const auto info = read_checkpoint_info(read_safetensors(source), source);
  try {
    return parse_genotype(info.genotype);
  } catch (const FileError& error) {
    throw FileError(source + ": " + error.what());
  }
}

}  // namespace sanas
