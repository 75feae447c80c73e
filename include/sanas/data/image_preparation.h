// SPDX-License-Identifier: Apache-2.0
#pragma once

// Brings any picture to the size and form in which a network is tested.

#include <string>

#include "sanas/data/augmentation.h"
#include "sanas/data/image_geometry.h"

namespace sanas {

/// A picture as a network gets it, and how it came there.
struct PreparedImage {
  Image image;
  ImageGeometry geometry;
};

/// What a network has to know of the pictures that it was trained on.
struct PictureSize {
  /// Of the data set's images, with their frame; 0 where they vary.
  int64_t height = 0;
  int64_t width = 0;
  /// Black pixels that the data set puts around each of its pictures.
  int64_t frame = 0;
};

/// Brings any picture to a network in the way that the network is tested: a file first becomes what
/// an image of the data set is, then the transforms of testing follow (Augmentation, which loads
/// the batches of every test).
///
/// Where the data set's images have a size, a picture of that size stays as it is; a smaller one
/// gets a black frame; of a larger one the part in the middle is taken that fills the data set's
/// pictures after resizing, and it gets the data set's frame.
class ImagePreparation {
 public:
  /// @param augment of the training; what belongs to testing is taken of it. Throws ConfigError as
  ///        Augmentation does.
  ImagePreparation(const AugmentOptions& augment, const PictureSize& pictures);

  /// Size of the images that come out, in pixels.
  int64_t height() const { return testing_.height(); }
  int64_t width() const { return testing_.width(); }

  /// Throws DataError for a picture that is too thin to be enlarged.
  PreparedImage operator()(Image picture) const;

  /// What happens to a picture, for a person.
  std::string description() const;

 private:
  PreparedImage as_of_data_set(Image picture) const;

  AugmentOptions options_;
  PictureSize pictures_;
  Augmentation testing_;
};

}  // namespace sanas
