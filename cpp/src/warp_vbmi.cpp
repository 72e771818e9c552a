// AVX-512 (BW, VBMI) twin of warp_row: where the view turns little, the sources of 32 neighbouring
// pixels lie within 64 columns and three rows, so one load and one byte permutation a row fetch
// all.
#include <immintrin.h>

#include "warp_kernels.hpp"

namespace {

constexpr int kGroup = 32;   // pixels per step
constexpr int kWindow = 64;  // columns that one load brings

int smaller(int a, int b) { return a < b ? a : b; }

// left*(256-fx) + right*fx of one row, 16 bits each: left*256 + (right-left)*fx modulo 2^16. Each
// 16-bit lane of `take` names the left pixel and, in its high byte, the right one.
__m512i across(const unsigned char* row, __m512i take, __m512i fx) {
    const __m512i pairs = _mm512_permutexvar_epi8(take, _mm512_loadu_si512(row));
    // right - left: the weights -1 (low byte) and +1 (high byte).
    const __m512i rise = _mm512_maddubs_epi16(pairs, _mm512_set1_epi16(0x01ff));
    return _mm512_add_epi16(_mm512_slli_epi16(pairs, 8), _mm512_mullo_epi16(rise, fx));
}

// (upper*(256-fy) + lower*fy + 32768) >> 16, as in the AVX2 twin.
__m512i down(__m512i upper, __m512i lower, __m512i fy) {
    const __m512i flip = _mm512_set1_epi16(-32768);
    const __m512i weight = _mm512_sub_epi16(_mm512_set1_epi16(256), fy);
    const __m512i bias = _mm512_set1_epi32(256 * 32768 + 32768);
    upper = _mm512_xor_si512(upper, flip);
    lower = _mm512_xor_si512(lower, flip);
    const __m512i low =
        _mm512_madd_epi16(_mm512_unpacklo_epi16(upper, lower), _mm512_unpacklo_epi16(weight, fy));
    const __m512i high =
        _mm512_madd_epi16(_mm512_unpackhi_epi16(upper, lower), _mm512_unpackhi_epi16(weight, fy));
    return _mm512_packus_epi32(_mm512_srli_epi32(_mm512_add_epi32(low, bias), 16),
                               _mm512_srli_epi32(_mm512_add_epi32(high, bias), 16));
}

// Whole steps from the base (high byte) and fraction (low byte) of 32 positions, which begin at
// `start` (in 1/65536) and go on by `step`.
class Positions {
  public:
    explicit Positions(int step) {
        // In the order that packing 32 to 16 bits, by quarters, undoes.
        const __m512i lanes =
            _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        first_ = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(step));
        second_ = _mm512_add_epi32(first_, _mm512_set1_epi32(4 * step));
    }

    __m512i from(int start) const {
        const __m512i begin = _mm512_set1_epi32(start);
        return _mm512_packs_epi32(_mm512_srai_epi32(_mm512_add_epi32(begin, first_), 8),
                                  _mm512_srai_epi32(_mm512_add_epi32(begin, second_), 8));
    }

  private:
    __m512i first_, second_;
};

}  // namespace

namespace pyanalyzer::vbmi {

bool warp_fits(const WarpSource& source) {
    // 31 steps of a stay within 62 columns, 31 steps of b within one row.
    return avx2::warp_fits(source) && source.width >= kWindow && source.b * 31 < 65536 &&
           source.b * 31 > -65536;
}

void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count) {
    const int a = static_cast<int>(source.a), b = static_cast<int>(source.b);
    const Positions x_steps(a), y_steps(b);
    const __m512i byte = _mm512_set1_epi16(255);
    const std::ptrdiff_t stride = source.stride;
    int i = 0;
    while (i + kGroup <= count) {
        const int x_start = static_cast<int>(xs) + a * i, y_start = static_cast<int>(ys) + b * i;
        const int x_end = x_start + 31 * a, y_end = y_start + 31 * b;
        const int y_low = b < 0 ? y_end : y_start, y_high = b < 0 ? y_start : y_end;
        if (x_start < 0 || x_end >> 16 > source.width - 2 || y_low < 0 ||
            y_high >> 16 > source.height - 2) {
            avx2::warp_row(source, xs + source.a * i, ys + source.b * i, out + i, kGroup);
            i += kGroup;
            continue;
        }
        const int x0 = smaller(x_start >> 16, source.width - kWindow), y0 = y_low >> 16;
        const __m512i x = x_steps.from(x_start - (x0 << 16)),
                      y = y_steps.from(y_start - (y0 << 16));
        const __m512i fx = _mm512_and_si512(x, byte), column = _mm512_srli_epi16(x, 8);
        const __m512i take = _mm512_add_epi16(_mm512_or_si512(column, _mm512_slli_epi16(column, 8)),
                                              _mm512_set1_epi16(0x0100));
        const unsigned char* row = source.data + stride * y0 + x0;
        const __m512i h0 = across(row, take, fx), h1 = across(row + stride, take, fx);
        __m512i above = h0, below = h1;
        // The row is 0 or 1 below the base; where the view turns little, mostly 0.
        const __mmask32 second = _mm512_cmpgt_epi16_mask(y, byte);
        if (second) {
            const __m512i h2 = across(row + 2 * stride, take, fx);
            above = _mm512_mask_blend_epi16(second, h0, h1);
            below = _mm512_mask_blend_epi16(second, h1, h2);
        }
        const __m512i words = down(above, below, _mm512_and_si512(y, byte));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm512_cvtepi16_epi8(words));
        i += kGroup;
    }
    avx2::warp_row(source, xs + source.a * i, ys + source.b * i, out + i, count - i);
}

}  // namespace pyanalyzer::vbmi
