// One row of the expansion of limited range, per instruction set. Included by files compiled for
// AVX2: plain types only.
#pragma once

#include <cstdint>

namespace pyanalyzer {

inline constexpr int kLumaBlack = 16, kLumaSpan = 219;
// x + 36/219 x is 255/219 x. In 1/65536; exact for every x from 0 to 219 with the two roundings of
// the kernels, which the tests of all 256 values show.
inline constexpr int kExpandQ16 = 10773;

}  // namespace pyanalyzer

namespace pyanalyzer::scalar {
void expand_row(const std::uint8_t* source, std::uint8_t* out, int width);
}
namespace pyanalyzer::avx2 {
void expand_row(const std::uint8_t* source, std::uint8_t* out, int width);
}
// For AVX-512 with BW and VBMI.
namespace pyanalyzer::vbmi {
void expand_row(const std::uint8_t* source, std::uint8_t* out, int width);
}
