// SPDX-License-Identifier: Apache-2.0
#include "common/arguments.h"

#include <sstream>

namespace sanas {
namespace {

[[noreturn]] void refuse_before(const CLI::App& verb, const std::string& option) {
  const bool is_known = verb.get_option_no_throw(option) != nullptr;
  throw CLI::ArgumentMismatch(
      option + (is_known ? " has to stand behind " : " does not apply to ") + verb.get_name());
}

}  // namespace

CLI::Validator number_between(double low, double high) {
  const auto check = [low, high](const std::string& text) {
    double value = 0.0;
    const bool is_inside = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
    std::ostringstream message;
    if (!is_inside) {
      message << "'" << text << "': expected a number from " << low << " to " << high;
    }
    return message.str();
  };
  return {check, "NUMBER"};
}

CLI::Option* add_settings(CLI::App& app, std::vector<std::string>& assignments) {
  return app
      .add_option("--set", assignments,
                  "change one key of the configuration, e.g. search.epochs=3; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->default_str("none");
}

void exclude(CLI::App& app, const std::string& option, const std::vector<std::string>& others) {
  for (const auto& other : others) {
    app.get_option(option)->excludes(app.get_option(other));
  }
}

CLI::App& add_verb(CLI::App& app, const std::string& name, const std::string& help) {
  auto* verb = app.add_subcommand(name, help);
  verb->preparse_callback([&app, verb](size_t /*arguments*/) {
    for (CLI::Option* option : app.get_options()) {
      option->required(false);
      if (option->count() > 0) {
        refuse_before(*verb, option->get_name());
      }
    }
  });
  return *verb;
}

}  // namespace sanas
