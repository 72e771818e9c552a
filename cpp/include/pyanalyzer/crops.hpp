// Small pictures of candidate regions.
#pragma once

#include "pyanalyzer/image.hpp"

namespace pyanalyzer {

inline constexpr int kCropPx = 32;
inline constexpr int kMinCropSidePx = 24;  // a smaller square would show the box without its place
inline constexpr int kCropMarginPx = 8;    // both sides together: what the box moves against

struct Square {
    int x;
    int y;
    int side;
};

// The square around a box: side max(w, h, 24) + 8, at most the picture's shorter side, centred on
// the box (rounded to the upper left) and shifted into the picture.
Square crop_square(int x, int y, int w, int h, int picture_width, int picture_height);

// The square resampled to 32 x 32 by exact area: each output pixel is the mean of the square's
// pixels weighted by the area that they share with it, rounded to nearest, halves up. out: 32 * 32
// bytes. Throws std::invalid_argument where the square is empty or leaves the picture.
void resample_square(LumaView picture, const Square& square, std::uint8_t* out);

}  // namespace pyanalyzer
