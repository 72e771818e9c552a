#include "pyanalyzer/downscale.hpp"

#include <cstring>
#include <stdexcept>
#include <vector>

#include "downscale_kernels.hpp"
#include "expand_kernels.hpp"
#include "pyanalyzer/threads.hpp"

namespace pyanalyzer {

namespace scalar {

void downscale_row(const std::uint8_t* source, std::ptrdiff_t stride, int factor, std::uint8_t* out,
                   int out_width) {
    const unsigned area = static_cast<unsigned>(factor * factor);
    for (int x = 0; x < out_width; ++x) {
        unsigned sum = area / 2;
        for (int j = 0; j < factor; ++j) {
            const std::uint8_t* row = source + stride * j + static_cast<std::ptrdiff_t>(x) * factor;
            for (int i = 0; i < factor; ++i) sum += row[i];
        }
        out[x] = static_cast<std::uint8_t>(sum / area);
    }
}

}  // namespace scalar

namespace {

struct RowKernels {
    decltype(&scalar::downscale_row) downscale = scalar::downscale_row;
    decltype(&scalar::expand_row) expand = scalar::expand_row;
};

RowKernels row_kernels(Isa isa) {
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx512 && has_vbmi()) return {avx2::downscale_row, vbmi::expand_row};
    if (isa >= Isa::avx2) return {avx2::downscale_row, avx2::expand_row};
#else
    (void)isa;
#endif
    return {};
}

void check_sizes(LumaView source, int factor, MutableLumaView out) {
    if (factor < 1 || factor > 16) throw std::invalid_argument("factor must be 1..16");
    if (out.width != source.width / factor || out.height != source.height / factor)
        throw std::invalid_argument("the output must be (height // factor, width // factor)");
}

}  // namespace

void downscale(LumaView source, int factor, MutableLumaView out, int threads, Isa isa) {
    check_sizes(source, factor, out);
    const auto kernel = row_kernels(isa).downscale;
    parallel_bands(threads, out.height, 8, [&](int begin, int end) {
        for (int y = begin; y < end; ++y) {
            if (factor == 1)
                std::memcpy(out.row(y), source.row(y), static_cast<std::size_t>(out.width));
            else
                kernel(source.row(y * factor), source.stride, factor, out.row(y), out.width);
        }
    });
}

void downscale_limited_range(LumaView source, int factor, MutableLumaView out, int threads,
                             Isa isa) {
    check_sizes(source, factor, out);
    const RowKernels kernels = row_kernels(isa);
    const int width = out.width * factor;
    parallel_bands(threads, out.height, 8, [&](int begin, int end) {
        // The rows of one output row: they stay in the nearest cache.
        std::vector<std::uint8_t> rows(static_cast<std::size_t>(width) *
                                       static_cast<std::size_t>(factor));
        for (int y = begin; y < end; ++y) {
            if (factor == 1) {
                kernels.expand(source.row(y), out.row(y), width);
                continue;
            }
            for (int j = 0; j < factor; ++j)
                kernels.expand(source.row(y * factor + j),
                               rows.data() + static_cast<std::ptrdiff_t>(j) * width, width);
            kernels.downscale(rows.data(), width, factor, out.row(y), out.width);
        }
    });
}

}  // namespace pyanalyzer
