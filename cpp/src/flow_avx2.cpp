// AVX2 twins of the inner loops of `flow`: two rows of a patch at a time, one in each half.
#include <immintrin.h>

#include "flow_kernels.hpp"

namespace {

// Eight bytes of each of two rows, to sixteen 16-bit integers.
__m256i two_rows(const unsigned char* first, const unsigned char* second) {
    const __m128i a = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(first));
    const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second));
    return _mm256_cvtepu8_epi16(_mm_unpacklo_epi64(a, b));
}

int total(__m256i lanes) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return _mm_cvtsi128_si32(sum);
}

// The totals of four vectors of eight.
__m128i totals(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

__m256i load(const std::int16_t* values) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(values));
}

void store(std::int16_t* values, __m256i lanes) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), lanes);
}

// left*(256-fx) + right*fx of two rows: left*256 + (right-left)*fx modulo 2^16.
__m256i across(const unsigned char* row, std::ptrdiff_t stride, __m256i fx) {
    const __m256i left = two_rows(row, row + stride);
    const __m256i right = two_rows(row + 1, row + stride + 1);
    return _mm256_add_epi16(_mm256_slli_epi16(left, 8),
                            _mm256_mullo_epi16(_mm256_sub_epi16(right, left), fx));
}

// (upper*(256-fy) + lower*fy + 2048) >> 12, in 1/16 level. Unsigned 16-bit operands are made signed
// for madd by taking 32768 off; the weights sum to 256, so 256 * 32768 is added back.
__m256i down(__m256i upper, __m256i lower, __m256i weights) {
    const __m256i flip = _mm256_set1_epi16(-32768);
    const __m256i bias = _mm256_set1_epi32(256 * 32768 + 2048);
    upper = _mm256_xor_si256(upper, flip);
    lower = _mm256_xor_si256(lower, flip);
    const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(upper, lower), weights);
    const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(upper, lower), weights);
    return _mm256_packus_epi32(_mm256_srli_epi32(_mm256_add_epi32(low, bias), 12),
                               _mm256_srli_epi32(_mm256_add_epi32(high, bias), 12));
}

}  // namespace

namespace pyanalyzer::avx2 {

GradientSums take_patch(const std::uint8_t* corner, std::ptrdiff_t stride, Patch& patch) {
    const __m256i one = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
    __m256i x = zero, y = zero, xx = zero, xy = zero, yy = zero;
    for (int j = 0; j < kPatchPx; j += 2) {
        const unsigned char* row = corner + stride * j;
        const __m256i here = two_rows(row, row + stride);
        const __m256i gx = _mm256_sub_epi16(two_rows(row + 1, row + stride + 1),
                                            two_rows(row - 1, row + stride - 1));
        const __m256i gy =
            _mm256_sub_epi16(two_rows(row + stride, row + 2 * stride), two_rows(row - stride, row));
        store(patch.pixel_q4 + kPatchPx * j, _mm256_slli_epi16(here, 4));
        store(patch.gradient_x + kPatchPx * j, gx);
        store(patch.gradient_y + kPatchPx * j, gy);
        x = _mm256_add_epi32(x, _mm256_madd_epi16(gx, one));
        y = _mm256_add_epi32(y, _mm256_madd_epi16(gy, one));
        xx = _mm256_add_epi32(xx, _mm256_madd_epi16(gx, gx));
        xy = _mm256_add_epi32(xy, _mm256_madd_epi16(gx, gy));
        yy = _mm256_add_epi32(yy, _mm256_madd_epi16(gy, gy));
    }
    return {total(x), total(y), total(xx), total(xy), total(yy)};
}

PatchSums compare_patch(const std::uint8_t* corner, std::ptrdiff_t stride, int fx, int fy,
                        const Patch& patch) {
    const __m256i one = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
    const __m256i fraction = _mm256_set1_epi16(static_cast<short>(fx));
    const __m256i weights = _mm256_set1_epi32(fy << 16 | (256 - fy));
    __m256i d = zero, dd = zero, d_x = zero, d_y = zero;
    __m256i upper = across(corner, stride, fraction);  // rows j and j + 1
    for (int j = 0; j < kPatchPx; j += 2) {
        // Rows j + 2 and j + 3; below the patch's last row there is only one more to read.
        const std::ptrdiff_t step = j + 3 <= kPatchPx ? stride : 0;
        const __m256i next = across(corner + stride * (j + 2), step, fraction);
        const __m256i lower = _mm256_permute2x128_si256(upper, next, 0x21);
        const __m256i there = down(upper, lower, weights);
        const __m256i difference = _mm256_sub_epi16(there, load(patch.pixel_q4 + kPatchPx * j));
        d = _mm256_add_epi32(d, _mm256_madd_epi16(difference, one));
        dd = _mm256_add_epi32(dd, _mm256_madd_epi16(difference, difference));
        d_x = _mm256_add_epi32(
            d_x, _mm256_madd_epi16(difference, load(patch.gradient_x + kPatchPx * j)));
        d_y = _mm256_add_epi32(
            d_y, _mm256_madd_epi16(difference, load(patch.gradient_y + kPatchPx * j)));
        upper = next;
    }
    PatchSums sums;
    static_assert(sizeof(sums) == 16, "four integers of 32 bits");
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&sums), totals(d, dd, d_x, d_y));
    return sums;
}

}  // namespace pyanalyzer::avx2
