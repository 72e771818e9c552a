// AVX2 twins of align's inner loops.
#include <immintrin.h>

#include "align_kernels.hpp"

namespace {

constexpr int kBlock = 8;  // px, the side of a block

__m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

void store(void* to, __m256i value) { _mm256_storeu_si256(static_cast<__m256i*>(to), value); }

// Sixteen pixels as 16-bit integers.
__m256i pixels(const std::uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

// The sums of two neighbouring blocks: pixels 0-7 fill the lower half of each vector, 8-15 the
// upper.
void two_blocks(const std::uint8_t* c, std::ptrdiff_t c_stride, const std::uint8_t* w,
                std::ptrdiff_t w_stride, pyanalyzer::BlockSums* out) {
    __m256i xx = _mm256_setzero_si256(), xy = xx, yy = xx, xe = xx, ye = xx, ee = xx;
    __m256i sx = xx, sy = xx, se = xx;  // 16 bits: at most 8 * 510
    __m256i above = _mm256_add_epi16(pixels(c - c_stride), pixels(w - w_stride));
    __m256i now = pixels(c), before = pixels(w);
    __m256i here = _mm256_add_epi16(now, before);
    for (int y = 0; y < kBlock; ++y, c += c_stride, w += w_stride) {
        const __m256i next = pixels(c + c_stride), next_before = pixels(w + w_stride);
        const __m256i below = _mm256_add_epi16(next, next_before);
        const __m256i right = _mm256_add_epi16(pixels(c + 1), pixels(w + 1));
        const __m256i left = _mm256_add_epi16(pixels(c - 1), pixels(w - 1));
        const __m256i gx = _mm256_sub_epi16(right, left);
        const __m256i gy = _mm256_sub_epi16(below, above);
        const __m256i e = _mm256_sub_epi16(now, before);
        xx = _mm256_add_epi32(xx, _mm256_madd_epi16(gx, gx));
        xy = _mm256_add_epi32(xy, _mm256_madd_epi16(gx, gy));
        yy = _mm256_add_epi32(yy, _mm256_madd_epi16(gy, gy));
        xe = _mm256_add_epi32(xe, _mm256_madd_epi16(gx, e));
        ye = _mm256_add_epi32(ye, _mm256_madd_epi16(gy, e));
        ee = _mm256_add_epi32(ee, _mm256_madd_epi16(e, e));
        sx = _mm256_add_epi16(sx, gx);
        sy = _mm256_add_epi16(sy, gy);
        se = _mm256_add_epi16(se, e);
        above = here;
        here = below;
        now = next;
        before = next_before;
    }
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i x = _mm256_madd_epi16(sx, ones), y = _mm256_madd_epi16(sy, ones);
    __m256i e = _mm256_madd_epi16(se, ones);
    e = _mm256_hadd_epi32(e, e);
    e = _mm256_hadd_epi32(e, e);
    const __m256i first = _mm256_hadd_epi32(_mm256_hadd_epi32(xx, xy), _mm256_hadd_epi32(yy, xe));
    const __m256i second = _mm256_hadd_epi32(_mm256_hadd_epi32(ye, ee), _mm256_hadd_epi32(x, y));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&out[0].xx), _mm256_castsi256_si128(first));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&out[0].ye), _mm256_castsi256_si128(second));
    out[0].e = _mm256_extract_epi32(e, 0);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&out[1].xx), _mm256_extracti128_si256(first, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&out[1].ye), _mm256_extracti128_si256(second, 1));
    out[1].e = _mm256_extract_epi32(e, 4);
}

// The four SADs in the low bits of four 64-bit lanes, as four 16-bit integers in the lower half.
__m128i narrow_sads(__m256i sads) {
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(sads),
                                           _mm256_extracti128_si256(sads, 1));  // a 0 b 0 | c 0 d 0
    return _mm_packus_epi32(words, words);
}

}  // namespace

namespace pyanalyzer::avx2 {

void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out) {
    int col = 0;
    for (; col + 2 <= cols; col += 2)
        two_blocks(current + col * kBlock, current_stride, warped + col * kBlock, warped_stride,
                   out + col);
    if (col < cols)
        scalar::block_row_sums(current + col * kBlock, current_stride, warped + col * kBlock,
                               warped_stride, 1, out + col);
}

void sad_row(const std::uint8_t* current, std::ptrdiff_t current_stride,
             const std::uint8_t* previous, std::ptrdiff_t previous_stride, int cols, int shifts,
             std::uint16_t* out, std::ptrdiff_t out_stride) {
    // Four blocks at a time stay in eight registers while the previous picture slides by. Loads
    // past the last block stay within the padding; what they give is not stored.
    for (int col = 0; col < cols; col += 4) {
        __m256i rows[kBlock];
        for (int y = 0; y < kBlock; ++y)
            rows[y] = load(current + current_stride * y + col * kBlock);
        const int stored = cols - col < 4 ? cols - col : 4;
        for (int shift = 0; shift < shifts; ++shift) {
            const std::uint8_t* p = previous + col * kBlock + shift;
            __m256i even = _mm256_sad_epu8(rows[0], load(p));
            __m256i odd = _mm256_sad_epu8(rows[1], load(p + previous_stride));
            for (int y = 2; y < kBlock; y += 2) {
                even =
                    _mm256_add_epi64(even, _mm256_sad_epu8(rows[y], load(p + previous_stride * y)));
                odd = _mm256_add_epi64(
                    odd, _mm256_sad_epu8(rows[y + 1], load(p + previous_stride * (y + 1))));
            }
            const __m128i sads = narrow_sads(_mm256_add_epi64(even, odd));
            std::uint16_t* to = out + shift * out_stride + col;
            if (stored == 4) {
                _mm_storel_epi64(reinterpret_cast<__m128i*>(to), sads);
            } else {
                alignas(16) std::uint16_t four[8];
                _mm_store_si128(reinterpret_cast<__m128i*>(four), sads);
                for (int i = 0; i < stored; ++i) to[i] = four[i];
            }
        }
    }
}

void cross_row(const std::uint16_t* above, const std::uint16_t* here, const std::uint16_t* below,
               int cols, std::uint16_t* out) {
    for (int col = 0; col < cols; col += kLanes) {
        const __m256i centre = load(here + col);
        const __m256i sides = _mm256_adds_epu16(load(here + col - 1), load(here + col + 1));
        const __m256i ends = _mm256_adds_epu16(load(above + col), load(below + col));
        store(out + col,
              _mm256_adds_epu16(_mm256_adds_epu16(centre, centre), _mm256_adds_epu16(sides, ends)));
    }
}

void track_minimum(const std::uint16_t* values, int count, std::uint16_t index,
                   std::uint16_t* minimum, std::uint16_t* best, std::uint32_t* sum) {
    const __m256i here = _mm256_set1_epi16(static_cast<short>(index));
    for (int i = 0; i < count; i += kLanes) {
        const __m256i value = load(values + i);
        const __m256i least = load(minimum + i);
        const __m256i kept = _mm256_cmpeq_epi16(_mm256_min_epu16(value, least), least);
        store(minimum + i, _mm256_min_epu16(value, least));
        store(best + i, _mm256_blendv_epi8(here, load(best + i), kept));
        const __m256i low = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(value));
        const __m256i high = _mm256_cvtepu16_epi32(_mm256_extracti128_si256(value, 1));
        store(sum + i, _mm256_add_epi32(load(sum + i), low));
        store(sum + i + 8, _mm256_add_epi32(load(sum + i + 8), high));
    }
}

}  // namespace pyanalyzer::avx2
