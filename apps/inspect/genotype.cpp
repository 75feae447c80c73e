// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/genotype.h"

#include <iostream>
#include <memory>

#include "common/arguments.h"
#include "common/help.h"
#include "common/program.h"
#include "inspect/genotype_output.h"
#include "inspect/verbs.h"
#include "sanas/checkpoint/genotype_source.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/files/atomic_file.h"
#include "sanas/report/cell_drawing.h"

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

std::string cell_in_lines(const std::string& title, const CellGenotype& cell) {
  return title + "\n  " + join(cell_in_words(cell), "\n  ") + "\n";
}

}  // namespace

std::string genotype_text(const Genotype& genotype, const std::string& format) {
  if (format == "text") {
    return to_string(genotype) + "\n";
  }
  if (format == "json") {
    return genotype_to_json(genotype) + "\n";
  }
  if (format == "words") {
    return cell_in_lines("normal cell", genotype.normal) +
           cell_in_lines("reduction cell", genotype.reduce);
  }
  return cell_to_dot(genotype.normal, "normal cell") +
         cell_to_dot(genotype.reduce, "reduction cell");
}

void write_genotype(const Genotype& genotype, const std::string& format,
                    const std::string& output) {
  if (format == "svg" || format == "pdf") {
    const std::string ending = "." + format;
    if (output.empty()) {
      throw ConfigError("--format " + format + " needs --out FILE" + ending +
                        "; it writes FILE-normal" + ending + " and FILE-reduction" + ending);
    }
    const auto normal = draw_cell(genotype.normal, "normal cell", format);
    const auto reduction = draw_cell(genotype.reduce, "reduction cell", format);
    const std::filesystem::path stem = std::filesystem::path(output).replace_extension();
    write_whole([&] {
      write_file_atomically(stem.string() + "-normal" + ending, normal);
      write_file_atomically(stem.string() + "-reduction" + ending, reduction);
    });
  } else if (output.empty()) {
    std::cout << genotype_text(genotype, format);
  } else {
    write_whole([&] { write_file_atomically(output, genotype_text(genotype, format)); });
  }
}

void add_genotype_output(CLI::App& command, std::string& format, std::string& output) {
  add_choice(command, "--format", format,
             {{"text", "text"},
              {"words", "words"},
              {"json", "json"},
              {"dot", "dot"},
              {"svg", "svg"},
              {"pdf", "pdf"}},
             "text, words, json, dot, svg or pdf");
  add_path(command, "--out,--output", output, "FILE", "file to write")
      ->default_str("standard output");
}

void add_genotype(CLI::App& app, std::function<void()>& verb) {
  struct Options {
    std::string source;
    std::string format = "text";
    std::string output;
  };
  auto* command = app.add_subcommand("genotype", "print or draw a genotype");
  const auto options = std::make_shared<Options>();
  add_path(*command, "source", options->source, "NAME|FILE",
           "text file (of several genotypes, FILE#N, FILE#last or FILE#NAME), checkpoint, or one "
           "of " +
               join(preset_genotype_names()))
      ->required();
  add_genotype_output(*command, options->format, options->output);
  add_examples(*command, {"runs/first/genotype.txt", "DARTS_V2 --format svg --out cell.svg"});
  command->callback([options, &verb] {
    verb = [options] {
      write_genotype(find_genotype(options->source), options->format, options->output);
    };
  });
}

}  // namespace sanas
