// SPDX-License-Identifier: Apache-2.0
#include "common/arguments.h"

#include "sanas/core/error.h"

namespace sanas {

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
  verb->preparse_callback([&app](size_t /*arguments*/) {
    for (CLI::Option* option : app.get_options()) {
      option->required(false);
    }
  });
  return *verb;
}

void check_verb_alone(const CLI::App& app) {
  for (const CLI::App* verb : app.get_subcommands()) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->count() == 0) {
        continue;
      }
      const bool is_known = verb->get_option_no_throw(option->get_name()) != nullptr;
      throw ConfigError(option->get_name() +
                        (is_known ? " has to stand behind " : " does not apply to ") +
                        verb->get_name());
    }
  }
}

}  // namespace sanas
