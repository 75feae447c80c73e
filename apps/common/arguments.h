// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sanas/core/text.h"

namespace sanas {

// How options are declared, so that --help shows of each its type and what holds without it.

/// What may be chosen, by name.
template <typename Choice>
using Choices = std::vector<std::pair<std::string, Choice>>;

/// Accepts the names of `choices`.
template <typename Choice>
CLI::Validator one_of(const Choices<Choice>& choices) {
  std::vector<std::string> known;
  for (const auto& choice : choices) {
    known.push_back(choice.first);
  }
  const auto check = [known](const std::string& text) {
    const bool is_known = std::find(known.begin(), known.end(), text) != known.end();
    return is_known ? "" : "'" + text + "' is unknown; expected one of " + join(known);
  };
  return {check, ""};
}

/// The value of a name that one_of accepts.
template <typename Choice>
Choice chosen(const Choices<Choice>& choices, const std::string& text) {
  return std::find_if(choices.begin(), choices.end(),
                      [&](const auto& choice) { return choice.first == text; })
      ->second;
}

/// The name of a value; empty if it has none.
template <typename Choice>
std::string name_of(const Choices<Choice>& choices, const Choice& value) {
  const auto found = std::find_if(choices.begin(), choices.end(),
                                  [&](const auto& choice) { return choice.second == value; });
  return found == choices.end() ? "" : found->first;
}

/// An option whose value is one of `choices`; the default is what `target` is.
template <typename Choice>
CLI::Option* add_choice(CLI::App& app, const std::string& option, Choice& target,
                        const Choices<std::type_identity_t<Choice>>& choices,
                        const std::string& help) {
  const auto read = [&target, choices](const std::string& text) { target = chosen(choices, text); };
  return app.add_option_function<std::string>(option, read, help)
      ->check(one_of(choices))
      ->type_name("NAME")
      ->default_str(name_of(choices, target));
}

/// The same for an option that may be given several times, once for each of `targets`.
template <typename Choice>
CLI::Option* add_choices(CLI::App& app, const std::string& option, std::vector<Choice>& targets,
                         const Choices<Choice>& choices, const std::string& help) {
  std::vector<std::string> initial;
  for (const Choice& target : targets) {
    initial.push_back(name_of(choices, target));
  }
  const auto read = [&targets, choices](const std::vector<std::string>& texts) {
    targets.clear();
    for (const auto& text : texts) {
      targets.push_back(chosen(choices, text));
    }
  };
  return app.add_option_function<std::vector<std::string>>(option, read, help)
      ->check(one_of(choices))
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->default_str(join(initial));
}

/// An option that takes a number or a text; the default is what `target` is.
template <typename Value>
CLI::Option* add_value(CLI::App& app, const std::string& option, Value& target,
                       const std::string& type, const std::string& help) {
  auto* added = app.add_option(option, target, help)->type_name(type);
  if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>) {
    added->capture_default_str();
  }
  return added;
}

/// An option that names a file or folder, none by default; an empty text, as of a variable of the
/// shell that is not set, is refused.
template <typename Path>
CLI::Option* add_path(CLI::App& app, const std::string& option, Path& target,
                      const std::string& type, const std::string& help) {
  const auto check = [](const std::string& text) {
    return text.empty() ? std::string("is empty; expected a name") : std::string();
  };
  return app.add_option(option, target, help)
      ->check(CLI::Validator(check, ""))
      ->type_name(type)
      ->default_str("none");
}

/// Accepts numbers from `low` to `high`. CLI::Range lets NaN through.
CLI::Validator number_between(double low, double high);

/// --set, which changes a configuration.
CLI::Option* add_settings(CLI::App& app, std::vector<std::string>& assignments);

/// Each of `others` makes no sense beside `option`, and is refused.
void exclude(CLI::App& app, const std::string& option, const std::vector<std::string>& others);

/// A verb of a program that can also do without one. The options of `app` itself, which are for
/// what it does without a verb, are not required beside the verb, and are refused.
CLI::App& add_verb(CLI::App& app, const std::string& name, const std::string& help);

}  // namespace sanas
