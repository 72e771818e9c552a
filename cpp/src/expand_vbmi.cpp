// AVX-512 (BW, VBMI) twin of expand_row: 64 pixels at a time are looked up in a table of 256, which
// fills four registers.
#include <immintrin.h>

#include "expand_kernels.hpp"

namespace {

// What becomes of every value.
struct Table {
    alignas(64) unsigned char values[256];
    Table() {
        unsigned char all[256];
        for (int i = 0; i < 256; ++i) all[i] = static_cast<unsigned char>(i);
        pyanalyzer::scalar::expand_row(all, values, 256);
    }
    __m512i part(int number) const { return _mm512_load_si512(values + 64 * number); }
};

}  // namespace

namespace pyanalyzer::vbmi {

void expand_row(const std::uint8_t* source, std::uint8_t* out, int width) {
    // Made at the first call, not when the module is loaded: another processor may load it.
    static const Table table;
    const __m512i first = table.part(0), second = table.part(1), third = table.part(2),
                  fourth = table.part(3);
    int i = 0;
    for (; i + 64 <= width; i += 64) {
        const __m512i v = _mm512_loadu_si512(source + i);
        const __m512i low = _mm512_permutex2var_epi8(first, v, second);
        const __m512i high = _mm512_permutex2var_epi8(third, v, fourth);
        _mm512_storeu_si512(out + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(v), low, high));
    }
    scalar::expand_row(source + i, out + i, width - i);
}

}  // namespace pyanalyzer::vbmi
