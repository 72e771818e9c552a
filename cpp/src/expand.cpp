#include "pyanalyzer/expand.hpp"

#include <algorithm>
#include <stdexcept>

#include "expand_kernels.hpp"

namespace pyanalyzer {

namespace scalar {

void expand_row(const std::uint8_t* source, std::uint8_t* out, int width) {
    for (int i = 0; i < width; ++i) {
        const int x = std::clamp(source[i] - kLumaBlack, 0, kLumaSpan);
        out[i] = static_cast<std::uint8_t>(x + ((((x * kExpandQ16) >> 8) + 128) >> 8));
    }
}

}  // namespace scalar

void expand_limited_range(LumaView source, MutableLumaView out, Isa isa) {
    if (out.width != source.width || out.height != source.height)
        throw std::invalid_argument("the output must have the size of the source");
    auto* row_kernel = scalar::expand_row;
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx2) row_kernel = avx2::expand_row;
    if (isa >= Isa::avx512 && has_vbmi()) row_kernel = vbmi::expand_row;
#else
    (void)isa;
#endif
    for (int y = 0; y < out.height; ++y) row_kernel(source.row(y), out.row(y), out.width);
}

}  // namespace pyanalyzer
