// AVX-512 (BW) twin of align's sums over blocks: four blocks at a time.
#include <immintrin.h>

#include "align_kernels.hpp"

namespace {

constexpr int kBlock = 8;   // px, the side of a block
constexpr int kBlocks = 4;  // per step: each fills a quarter of every vector

// 32 pixels as 16-bit integers.
__m512i pixels(const std::uint8_t* from) {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

// Of each quarter of a, b, c and d the sum of its four integers, in this order.
__m512i sums_of(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

void store(__m128i values, std::int32_t* to) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), values);
}

template <int kBlockNumber>
void put(__m512i first, __m512i second, __m512i third, pyanalyzer::BlockSums* out) {
    store(_mm512_extracti32x4_epi32(first, kBlockNumber), &out[kBlockNumber].xx);
    store(_mm512_extracti32x4_epi32(second, kBlockNumber), &out[kBlockNumber].ye);
    out[kBlockNumber].e = _mm_cvtsi128_si32(_mm512_extracti32x4_epi32(third, kBlockNumber));
}

void four_blocks(const std::uint8_t* c, std::ptrdiff_t c_stride, const std::uint8_t* w,
                 std::ptrdiff_t w_stride, pyanalyzer::BlockSums* out) {
    __m512i xx = _mm512_setzero_si512(), xy = xx, yy = xx, xe = xx, ye = xx, ee = xx;
    __m512i sx = xx, sy = xx, se = xx;  // 16 bits: at most 8 * 510
    __m512i above = _mm512_add_epi16(pixels(c - c_stride), pixels(w - w_stride));
    __m512i now = pixels(c), before = pixels(w);
    __m512i here = _mm512_add_epi16(now, before);
    for (int y = 0; y < kBlock; ++y, c += c_stride, w += w_stride) {
        const __m512i next = pixels(c + c_stride), next_before = pixels(w + w_stride);
        const __m512i below = _mm512_add_epi16(next, next_before);
        const __m512i right = _mm512_add_epi16(pixels(c + 1), pixels(w + 1));
        const __m512i left = _mm512_add_epi16(pixels(c - 1), pixels(w - 1));
        const __m512i gx = _mm512_sub_epi16(right, left);
        const __m512i gy = _mm512_sub_epi16(below, above);
        const __m512i e = _mm512_sub_epi16(now, before);
        xx = _mm512_add_epi32(xx, _mm512_madd_epi16(gx, gx));
        xy = _mm512_add_epi32(xy, _mm512_madd_epi16(gx, gy));
        yy = _mm512_add_epi32(yy, _mm512_madd_epi16(gy, gy));
        xe = _mm512_add_epi32(xe, _mm512_madd_epi16(gx, e));
        ye = _mm512_add_epi32(ye, _mm512_madd_epi16(gy, e));
        ee = _mm512_add_epi32(ee, _mm512_madd_epi16(e, e));
        sx = _mm512_add_epi16(sx, gx);
        sy = _mm512_add_epi16(sy, gy);
        se = _mm512_add_epi16(se, e);
        above = here;
        here = below;
        now = next;
        before = next_before;
    }
    const __m512i ones = _mm512_set1_epi16(1);
    const __m512i x = _mm512_madd_epi16(sx, ones), y = _mm512_madd_epi16(sy, ones);
    const __m512i e = _mm512_madd_epi16(se, ones);
    const __m512i first = sums_of(xx, xy, yy, xe), second = sums_of(ye, ee, x, y);
    const __m512i third = sums_of(e, e, e, e);
    put<0>(first, second, third, out);
    put<1>(first, second, third, out);
    put<2>(first, second, third, out);
    put<3>(first, second, third, out);
}

}  // namespace

namespace pyanalyzer::vbmi {

void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out) {
    if (cols < kBlocks) {
        avx2::block_row_sums(current, current_stride, warped, warped_stride, cols, out);
        return;
    }
    // The last four overlap those before: their sums are what they were.
    for (int col = 0;; col += kBlocks) {
        if (col + kBlocks > cols) col = cols - kBlocks;
        four_blocks(current + col * kBlock, current_stride, warped + col * kBlock, warped_stride,
                    out + col);
        if (col + kBlocks == cols) return;
    }
}

}  // namespace pyanalyzer::vbmi
