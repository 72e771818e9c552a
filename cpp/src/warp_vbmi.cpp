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

// Whole steps from the base (high byte) and fraction (low byte) of 32 positions, which go on by
// `step` and are clamped to a side of the picture.
class Positions {
  public:
    Positions(int step, int size) : end_(_mm512_set1_epi32((size - 1) << 16)) {
        // In the order that packing 32 to 16 bits, by quarters, undoes.
        const __m512i lanes =
            _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        first_ = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(step));
        second_ = _mm512_add_epi32(first_, _mm512_set1_epi32(4 * step));
    }

    // Of positions that begin at `start`, in 1/65536; `base` is a whole step.
    __m512i from(int start, int base) const {
        const __m512i begin = _mm512_set1_epi32(start), zero = _mm512_set1_epi32(base << 16);
        return _mm512_packs_epi32(relative(_mm512_add_epi32(begin, first_), zero),
                                  relative(_mm512_add_epi32(begin, second_), zero));
    }

  private:
    __m512i relative(__m512i position, __m512i base) const {
        const __m512i inside =
            _mm512_max_epi32(_mm512_setzero_si512(), _mm512_min_epi32(end_, position));
        return _mm512_srli_epi32(_mm512_sub_epi32(inside, base), 8);
    }

    __m512i end_, first_, second_;
};

int clamped(int position, int size) {
    const int whole = position >> 16;
    return whole < 0 ? 0 : smaller(whole, size - 1);
}

}  // namespace

namespace pyanalyzer::vbmi {

bool warp_fits(const WarpSource& source, int count) {
    // 31 steps of a stay within 62 columns, 31 steps of b within one row.
    return avx2::warp_fits(source) && count >= kGroup && source.width >= kWindow &&
           source.b * 31 < 65536 && source.b * 31 > -65536;
}

void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count) {
    const int a = static_cast<int>(source.a), b = static_cast<int>(source.b);
    const Positions across_columns(a, source.width), down_rows(b, source.height);
    const __m512i byte = _mm512_set1_epi16(255);
    const int last = source.height - 1;
    // The last group overlaps the one before: its pixels are what they were.
    for (int start = 0; start < count; start += kGroup) {
        const int i = smaller(start, count - kGroup);
        const int x_start = static_cast<int>(xs) + a * i, y_start = static_cast<int>(ys) + b * i;
        const int x0 = smaller(clamped(x_start, source.width), source.width - kWindow);
        const int y0 = clamped(b < 0 ? y_start + 31 * b : y_start, source.height);
        const __m512i x = across_columns.from(x_start, x0), y = down_rows.from(y_start, y0);
        const __m512i fx = _mm512_and_si512(x, byte), column = _mm512_srli_epi16(x, 8);
        // In the picture's last column the right pixel may be byte 64, which wraps: its weight is
        // zero. So is that of the row below the last one.
        const __m512i take = _mm512_add_epi16(_mm512_or_si512(column, _mm512_slli_epi16(column, 8)),
                                              _mm512_set1_epi16(0x0100));
        const unsigned char* base = source.data + x0;
        const __m512i h0 = across(base + source.stride * y0, take, fx);
        const __m512i h1 = across(base + source.stride * smaller(y0 + 1, last), take, fx);
        __m512i above = h0, below = h1;
        // The row is 0 or 1 below the base; where the view turns little, mostly 0.
        const __mmask32 second = _mm512_cmpgt_epi16_mask(y, byte);
        if (second) {
            const __m512i h2 = across(base + source.stride * smaller(y0 + 2, last), take, fx);
            above = _mm512_mask_blend_epi16(second, h0, h1);
            below = _mm512_mask_blend_epi16(second, h1, h2);
        }
        const __m512i words = down(above, below, _mm512_and_si512(y, byte));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm512_cvtepi16_epi8(words));
    }
}

}  // namespace pyanalyzer::vbmi
