#include "pyanalyzer/downscale.hpp"

#include <cstring>
#include <stdexcept>

#include "downscale_kernels.hpp"
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

void downscale(LumaView source, int factor, MutableLumaView out, int threads, Isa isa) {
    if (factor < 1 || factor > 16) throw std::invalid_argument("factor must be 1..16");
    if (out.width != source.width / factor || out.height != source.height / factor)
        throw std::invalid_argument("the output must be (height // factor, width // factor)");
    auto* row_kernel = scalar::downscale_row;
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx2) row_kernel = avx2::downscale_row;
#else
    (void)isa;
#endif
    parallel_bands(threads, out.height, 8, [&](int begin, int end) {
        for (int y = begin; y < end; ++y) {
            if (factor == 1)
                std::memcpy(out.row(y), source.row(y), static_cast<std::size_t>(out.width));
            else
                row_kernel(source.row(y * factor), source.stride, factor, out.row(y), out.width);
        }
    });
}

}  // namespace pyanalyzer
