// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/genotype_files.h"

#include "sanas/io/cell_drawing.h"

namespace sanas {

void save_genotype(const RunFolder& folder, const Genotype& genotype) {
  folder.write_text("genotype.txt", to_string(genotype) + "\n");
  folder.write_text("cells/normal.svg", cell_to_svg(genotype.normal, "normal cell"));
  folder.write_text("cells/reduction.svg", cell_to_svg(genotype.reduce, "reduction cell"));
}

}  // namespace sanas
