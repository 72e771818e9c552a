// One output row of the box downscaling, per instruction set. Included by files compiled for AVX2:
// plain types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyanalyzer::scalar {
void downscale_row(const std::uint8_t* source, std::ptrdiff_t stride, int factor, std::uint8_t* out,
                   int out_width);
}
namespace pyanalyzer::avx2 {
void downscale_row(const std::uint8_t* source, std::ptrdiff_t stride, int factor, std::uint8_t* out,
                   int out_width);
}
