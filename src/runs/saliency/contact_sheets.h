// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runs/saliency/drawn_map.h"

namespace sanas {

/// The first images of a column with their maps, one below the other.
class ContactSheet {
 public:
  struct Row {
    Image image, heat, overlay;
    std::string caption;
  };

  /// Does nothing once the sheet is full.
  void add(const DrawnMap& drawn, const std::string& caption);
  const std::vector<Row>& rows() const { return rows_; }

  /// Writes contact_sheet.png, unless the sheet is empty.
  void write(const std::filesystem::path& folder) const;

 private:
  std::vector<Row> rows_;
};

/// Writes comparison_sheet.png, the heat maps of all columns side by side, of the images that every
/// column has; nothing for less than two columns.
/// @param names of the columns, at least as many as sheets.
void write_comparison_sheet(const std::filesystem::path& folder,
                            const std::vector<std::string>& names,
                            const std::vector<ContactSheet>& sheets);

}  // namespace sanas
