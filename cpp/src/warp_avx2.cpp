// AVX2 twin of warp_row, for motions near the identity: the sources of eight neighbouring pixels
// then lie within 16 columns and three rows, so three loads and byte shuffles replace the gathers.
#include <immintrin.h>

#include "warp_kernels.hpp"

namespace {

constexpr int kGroup = 8;    // pixels per step
constexpr int kWindow = 16;  // columns that one load brings

int smaller(int a, int b) { return a < b ? a : b; }

// Eight 32-bit integers, known to fit, to eight 16-bit ones.
__m128i narrow(__m256i values) {
    return _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
}

// left*(256-fx) + right*fx of one row, 16 bits each: left*256 + (right-left)*fx modulo 2^16.
__m128i across(const unsigned char* row, __m128i take_left, __m128i take_right, __m128i fx) {
    const __m128i pixels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row));
    const __m128i left = _mm_shuffle_epi8(pixels, take_left);
    const __m128i right = _mm_shuffle_epi8(pixels, take_right);
    return _mm_add_epi16(_mm_slli_epi16(left, 8), _mm_mullo_epi16(_mm_sub_epi16(right, left), fx));
}

// (upper*(256-fy) + lower*fy + 32768) >> 16. Unsigned 16-bit operands are made signed for madd by
// taking 32768 off; the weights sum to 256, so 256 * 32768 is added back.
__m128i down(__m128i upper, __m128i lower, __m128i fy) {
    const __m128i flip = _mm_set1_epi16(-32768);
    const __m128i weight = _mm_sub_epi16(_mm_set1_epi16(256), fy);
    const __m128i bias = _mm_set1_epi32(256 * 32768 + 32768);
    upper = _mm_xor_si128(upper, flip);
    lower = _mm_xor_si128(lower, flip);
    const __m128i low =
        _mm_madd_epi16(_mm_unpacklo_epi16(upper, lower), _mm_unpacklo_epi16(weight, fy));
    const __m128i high =
        _mm_madd_epi16(_mm_unpackhi_epi16(upper, lower), _mm_unpackhi_epi16(weight, fy));
    const __m128i words = _mm_packus_epi32(_mm_srli_epi32(_mm_add_epi32(low, bias), 16),
                                           _mm_srli_epi32(_mm_add_epi32(high, bias), 16));
    return _mm_packus_epi16(words, words);
}

}  // namespace

namespace pyanalyzer::avx2 {

bool warp_fits(const WarpSource& source) {
    // Seven steps of a stay within 14 columns, seven steps of b within one row.
    // 2^14 px a side keep positions in 1/65536 px within 31 bits.
    return source.width >= kWindow && source.width <= 16384 && source.height <= 16384 &&
           source.a > 0 && source.a <= 2 * 65536 && source.b * 7 < 65536 && source.b * 7 > -65536;
}

void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count) {
    const int a = static_cast<int>(source.a), b = static_cast<int>(source.b);
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i x_end = _mm256_set1_epi32((source.width - 1) << 16);
    const __m256i y_end = _mm256_set1_epi32((source.height - 1) << 16);
    const __m256i x_lane = _mm256_mullo_epi32(lane, _mm256_set1_epi32(a));
    const __m256i y_lane = _mm256_mullo_epi32(lane, _mm256_set1_epi32(b));
    const __m256i zero = _mm256_setzero_si256();
    const __m256i byte = _mm256_set1_epi32(255);
    int i = 0;
    for (; i + kGroup <= count; i += kGroup) {
        const int x_first = static_cast<int>(xs + source.a * i);
        const int y_first = static_cast<int>(ys + source.b * i);
        const __m256i x = _mm256_max_epi32(
            zero, _mm256_min_epi32(x_end, _mm256_add_epi32(_mm256_set1_epi32(x_first), x_lane)));
        const __m256i y = _mm256_max_epi32(
            zero, _mm256_min_epi32(y_end, _mm256_add_epi32(_mm256_set1_epi32(y_first), y_lane)));
        const __m128i x0 = narrow(_mm256_srai_epi32(x, 16));
        const __m128i y0 = narrow(_mm256_srai_epi32(y, 16));
        const __m128i fx = narrow(_mm256_and_si256(_mm256_srai_epi32(x, 8), byte));
        const __m128i fy = narrow(_mm256_and_si256(_mm256_srai_epi32(y, 8), byte));
        const int x_base = smaller(_mm_extract_epi16(x0, 0), source.width - kWindow);
        const int y_base = smaller(_mm_extract_epi16(y0, 0), _mm_extract_epi16(y0, 7));
        // Shuffle masks: the low byte of each 16-bit lane is fetched, the high byte cleared. In the
        // picture's last column take_right may name byte 16, which wraps: its weight is zero.
        const __m128i column = _mm_sub_epi16(x0, _mm_set1_epi16(static_cast<short>(x_base)));
        const __m128i cleared = _mm_set1_epi16(static_cast<short>(0x8000));
        const __m128i take_left = _mm_or_si128(column, cleared);
        const __m128i take_right = _mm_or_si128(_mm_add_epi16(column, _mm_set1_epi16(1)), cleared);
        const unsigned char* row0 = source.data + source.stride * y_base + x_base;
        const int last = source.height - 1;
        const unsigned char* row1 =
            source.data + source.stride * smaller(y_base + 1, last) + x_base;
        const unsigned char* row2 =
            source.data + source.stride * smaller(y_base + 2, last) + x_base;
        const __m128i h0 = across(row0, take_left, take_right, fx);
        const __m128i h1 = across(row1, take_left, take_right, fx);
        const __m128i h2 = across(row2, take_left, take_right, fx);
        const __m128i first = _mm_cmpeq_epi16(y0, _mm_set1_epi16(static_cast<short>(y_base)));
        const __m128i upper = _mm_blendv_epi8(h1, h0, first);
        const __m128i lower = _mm_blendv_epi8(h2, h1, first);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), down(upper, lower, fy));
    }
    scalar::warp_row(source, xs + source.a * i, ys + source.b * i, out + i, count - i);
}

}  // namespace pyanalyzer::avx2
