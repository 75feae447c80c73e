// SPDX-License-Identifier: Apache-2.0
#include "common/help.h"

#include <torch/version.h>

#include <memory>
#include <string>

namespace sanas {
namespace {

/// "--strength NUMBER [0.5]", "--maps DIR (required)", "--resume (needs --out)".
class HelpText : public CLI::Formatter {
 public:
  HelpText() { column_width(34); }

  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text;
    const std::string type = option->get_type_name();  // "N:INT in [0 - 1024]"; none of a flag
    if (!type.empty()) {
      text += " " + type.substr(0, type.find(':'));
      if (option->get_required()) {
        text += " (required)";
      } else if (!option->get_default_str().empty()) {
        text += " [" + option->get_default_str() + "]";
      }
    }
    for (const CLI::Option* other : option->get_needs()) {
      text += " (needs " + other->get_name() + ")";
    }
    return text;
  }

  /// CLI11 has a place for text behind the options alone: a footer.
  std::string make_description(const CLI::App* app) const override {
    const std::string examples = app->get_footer();
    return CLI::Formatter::make_description(app) + (examples.empty() ? "" : examples + "\n");
  }
  std::string make_footer(const CLI::App* /*app*/) const override { return ""; }
};

/// "sanas_eval train".
std::string called(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return (parent == nullptr ? "" : called(*parent) + " ") + app.get_name();
}

std::string version(const std::string& program) {
  const auto part = [](bool has, const char* name) {
    return std::string(has ? ", with " : ", without ") + name;
  };
#ifdef SANAS_WITH_CUDA
  constexpr bool kCuda = true;
#else
  constexpr bool kCuda = false;
#endif
#ifdef SANAS_WITH_OPENCV
  constexpr bool kOpenCv = true;
#else
  constexpr bool kOpenCv = false;
#endif
#ifdef SANAS_WITH_LIBARCHIVE
  constexpr bool kLibArchive = true;
#else
  constexpr bool kLibArchive = false;
#endif
  return program + " " SANAS_VERSION " (LibTorch " TORCH_VERSION + part(kCuda, "CUDA") +
         part(kOpenCv, "OpenCV") + part(kLibArchive, "LibArchive") + ")";
}

}  // namespace

void add_help(CLI::App& app) {
  app.formatter(std::make_shared<HelpText>());
  app.set_help_flag("-h,--help", "print this help and exit");
  app.set_version_flag("--version", version(app.get_name()), "print the version and exit");
}

void add_examples(CLI::App& app, const std::vector<std::string>& arguments) {
  std::string text = "\nExamples:\n";
  for (const auto& example : arguments) {
    text += "  " + called(app) + " " + example + "\n";
  }
  app.footer(text);
}

}  // namespace sanas
