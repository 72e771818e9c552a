// Similarities in doubles, from the current picture to the previous one, in px of a pyramid level:
// x_prev = a*x - b*y + tx, y_prev = b*x + a*y + ty. A fixed order of + - * / throughout.
#pragma once

#include "pyanalyzer/warp.hpp"

namespace pyanalyzer {

struct Model {
    double a = 1.0;
    double b = 0.0;
    double tx = 0.0;
    double ty = 0.0;
};

// A model beyond these is not believed: consecutive frames do not zoom or turn that much.
inline constexpr double kMaxLinearChange = 0.3;

// In 1/65536, rounded to nearest (halves up), and back.
InverseQ16 quantize(const Model& model);
Model model_of(const InverseQ16& inverse);

// The same motion at half the size and back; the centre of a coarse pixel lies at 2x + 0.5.
Model to_coarser(const Model& model);
Model to_finer(const Model& model);

// Near the identity, and not shifted by more than the picture (nor NaN).
bool plausible(const Model& model, int height, int width);

// The largest difference along one axis over the picture's corners.
double corner_distance_px(const Model& first, const Model& second, int height, int width);

}  // namespace pyanalyzer
