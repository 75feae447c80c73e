// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/genotype.h"

#include <iostream>
#include <memory>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/cell_drawing.h"
#include "sanas/io/genotype_files.h"
#include "sanas_inspect/genotype_output.h"
#include "sanas_inspect/verbs.h"

namespace sanas {
namespace {

std::string draw_cell(const CellGenotype& cell, const std::string& title,
                      const std::string& format) {
  if (format == "svg") {
    return cell_to_svg(cell, title);
  }
  auto pdf = cell_to_pdf(cell, title);
  if (!pdf) {
    throw FileError("--format pdf needs graphviz, whose program 'dot' is not there or fails");
  }
  return *pdf;
}

}  // namespace

std::string genotype_text(const Genotype& genotype, const std::string& format) {
  if (format == "text") {
    return to_string(genotype) + "\n";
  }
  if (format == "json") {
    return genotype_to_json(genotype) + "\n";
  }
  return cell_to_dot(genotype.normal, "normal cell") +
         cell_to_dot(genotype.reduce, "reduction cell");
}

void write_genotype(const Genotype& genotype, const std::string& format,
                    const std::string& output) {
  if (format == "svg" || format == "pdf") {
    const std::string ending = "." + format;
    if (output.empty()) {
      throw ConfigError("--format " + format + " needs --output FILE" + ending +
                        "; it writes FILE-normal" + ending + " and FILE-reduction" + ending);
    }
    const auto normal = draw_cell(genotype.normal, "normal cell", format);
    const auto reduction = draw_cell(genotype.reduce, "reduction cell", format);
    const std::filesystem::path stem = std::filesystem::path(output).replace_extension();
    write_file_atomically(stem.string() + "-normal" + ending, normal);
    write_file_atomically(stem.string() + "-reduction" + ending, reduction);
  } else if (output.empty()) {
    std::cout << genotype_text(genotype, format);
  } else {
    write_file_atomically(output, genotype_text(genotype, format));
  }
}

void add_genotype(CLI::App& app, std::function<void()>& verb) {
  struct Options {
    std::string source;
    std::string format = "text";
    std::string output;
  };
  auto* command = app.add_subcommand("genotype", "print or draw a genotype");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("source", options->source,
                   "text file (of several genotypes, FILE#N, FILE#last or FILE#NAME), checkpoint, "
                   "or one of " +
                       join(preset_genotype_names()))
      ->required();
  command->add_option("--format", options->format, "text, json, dot, svg or pdf")
      ->check(CLI::IsMember({"text", "json", "dot", "svg", "pdf"}));
  command->add_option("--output,--out", options->output, "file; default: standard output");
  command->callback([options, &verb] {
    verb = [options] {
      write_genotype(find_genotype(options->source), options->format, options->output);
    };
  });
}

}  // namespace sanas
