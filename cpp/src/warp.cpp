#include "pyanalyzer/warp.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "pyanalyzer/threads.hpp"
#include "warp_kernels.hpp"

namespace pyanalyzer {

namespace scalar {

void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count) {
    const std::int64_t x_end = static_cast<std::int64_t>(source.width - 1) << 16;
    const std::int64_t y_end = static_cast<std::int64_t>(source.height - 1) << 16;
    for (int i = 0; i < count; ++i, xs += source.a, ys += source.b) {
        const std::int64_t x = std::clamp<std::int64_t>(xs, 0, x_end);
        const std::int64_t y = std::clamp<std::int64_t>(ys, 0, y_end);
        const int fx = static_cast<int>((x >> 8) & 255);
        const int fy = static_cast<int>((y >> 8) & 255);
        const std::uint8_t* top = source.data + source.stride * (y >> 16) + (x >> 16);
        // At the last column or row the fraction is zero: the neighbour beyond it is not needed.
        const int right = x < x_end ? 1 : 0;
        const std::uint8_t* bottom = y < y_end ? top + source.stride : top;
        const int upper = top[0] * (256 - fx) + top[right] * fx;
        const int lower = bottom[0] * (256 - fx) + bottom[right] * fx;
        out[i] = static_cast<std::uint8_t>((upper * (256 - fy) + lower * fy + 32768) >> 16);
    }
}

}  // namespace scalar

namespace {

// Rows and columns shifted by whole pixels, the border repeated: nothing to interpolate.
void shift_row(LumaView previous, std::int64_t dx, std::int64_t dy, int y, std::uint8_t* out) {
    const std::int64_t last = previous.width - 1;
    const std::uint8_t* row =
        previous.row(static_cast<int>(std::clamp<std::int64_t>(y + dy, 0, previous.height - 1)));
    // Columns [begin, end) of out lie inside the picture; the rest repeats its first or last pixel.
    const std::int64_t begin = std::clamp<std::int64_t>(-dx, 0, previous.width);
    const std::int64_t end = std::clamp<std::int64_t>(previous.width - dx, begin, previous.width);
    std::memset(out, row[0], static_cast<std::size_t>(begin));
    if (end > begin)
        std::memcpy(out + begin, row + begin + dx, static_cast<std::size_t>(end - begin));
    std::memset(out + end, row[last], static_cast<std::size_t>(previous.width - end));
}

bool within(std::int64_t value, std::int64_t limit) { return value >= -limit && value <= limit; }

// Whether every source position of the picture fits 31 bits: it is linear, so its corners decide.
bool corners_fit_31_bits(const InverseQ16& inverse, int width, int height) {
    for (const std::int64_t x : {0, width})
        for (const std::int64_t y : {0, height})
            if (!within(inverse.a * x - inverse.b * y + inverse.tx, 1 << 30) ||
                !within(inverse.b * x + inverse.a * y + inverse.ty, 1 << 30))
                return false;
    return true;
}

}  // namespace

void warp(LumaView previous, const InverseQ16& inverse, MutableLumaView out, int threads, Isa isa) {
    if (out.width != previous.width || out.height != previous.height)
        throw std::invalid_argument("the output must have the size of the previous picture");
    if (!within(inverse.a, kMaxInverseLinearQ16) || !within(inverse.b, kMaxInverseLinearQ16) ||
        !within(inverse.tx, kMaxInverseShiftQ16) || !within(inverse.ty, kMaxInverseShiftQ16))
        throw std::invalid_argument("inverse_q16 is beyond 256-fold scale or 2^24 px of shift");
    const bool whole_pixels = inverse.a == 65536 && inverse.b == 0 &&
                              ((inverse.tx >> 8) & 255) == 0 && ((inverse.ty >> 8) & 255) == 0;
    const WarpSource source{previous.data,   previous.stride, previous.width,
                            previous.height, inverse.a,       inverse.b};
    auto* row_kernel = scalar::warp_row;
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx2 && avx2::warp_fits(source) &&
        corners_fit_31_bits(inverse, previous.width, previous.height))
        row_kernel = isa >= Isa::avx512 && has_vbmi() && vbmi::warp_fits(source, out.width)
                         ? vbmi::warp_row
                         : avx2::warp_row;
#else
    (void)isa;
#endif
    parallel_bands(threads, out.height, 8, [&](int begin, int end) {
        for (int y = begin; y < end; ++y) {
            if (whole_pixels)
                shift_row(previous, inverse.tx >> 16, inverse.ty >> 16, y, out.row(y));
            else
                row_kernel(source, inverse.tx - inverse.b * y, inverse.ty + inverse.a * y,
                           out.row(y), out.width);
        }
    });
}

}  // namespace pyanalyzer
