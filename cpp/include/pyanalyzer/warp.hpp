// Bringing the previous picture onto the current one, in fixed point.
#pragma once

#include <cstdint>

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"

namespace pyanalyzer {

// A similarity in 1/65536 px, from a pixel (x, y) of the current picture to the previous one:
// x_prev = (a*x - b*y + tx) / 65536, y_prev = (b*x + a*y + ty) / 65536.
struct InverseQ16 {
    std::int64_t a = 65536;
    std::int64_t b = 0;
    std::int64_t tx = 0;
    std::int64_t ty = 0;

    bool operator==(const InverseQ16&) const = default;
};

// Largest magnitudes that warp takes, so that no sum leaves 64 bits: 256-fold scale, 2^24 px.
inline constexpr std::int64_t kMaxInverseLinearQ16 = std::int64_t{1} << 24;
inline constexpr std::int64_t kMaxInverseShiftQ16 = std::int64_t{1} << 40;

// out has the size of previous. With (xs, ys) the source position in 1/65536 px, clamped to the
// picture, x0 = xs >> 16, fx = (xs >> 8) & 255 (y likewise) and p the four pixels around it:
// out = (p00*(256-fx)*(256-fy) + p01*fx*(256-fy) + p10*(256-fx)*fy + p11*fx*fy + 32768) >> 16.
// Throws std::invalid_argument on sizes that differ or on an inverse beyond the limits above.
void warp(LumaView previous, const InverseQ16& inverse, MutableLumaView out, int threads, Isa isa);

}  // namespace pyanalyzer
