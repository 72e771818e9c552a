// One row of the fixed-point warp, per instruction set. Included by files compiled for AVX2: plain
// types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyanalyzer {

// A picture, and the step (a, b) in 1/65536 px from one pixel of a row to the next.
struct WarpSource {
    const std::uint8_t* data;
    std::ptrdiff_t stride;
    int width;
    int height;
    std::int64_t a;
    std::int64_t b;
};

}  // namespace pyanalyzer

// out[i] for i in [0, count) is the picture at (xs + i*a, ys + i*b), clamped to it, bilinear.
namespace pyanalyzer::scalar {
void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count);
}
// Precondition of the AVX2 twin: warp_fits(source), and every xs, ys of the row fits 31 bits.
namespace pyanalyzer::avx2 {
bool warp_fits(const WarpSource& source);
void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count);
}  // namespace pyanalyzer::avx2
// The same for AVX-512 with BW and VBMI; `count` is that of every row.
namespace pyanalyzer::vbmi {
bool warp_fits(const WarpSource& source, int count);
void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count);
}  // namespace pyanalyzer::vbmi
