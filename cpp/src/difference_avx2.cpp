// AVX2 twins of the kernels of `difference`: one instruction sums |a - b| over eight bytes, which
// is one row of a block, so that four blocks go side by side.
#include <immintrin.h>

#include "difference_kernels.hpp"

namespace {

__m256i load(const std::uint8_t* pixels) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(pixels));
}

__m128i load_16(const std::uint8_t* pixels) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
}

__m128i load_8(const std::uint8_t* pixels) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels));
}

// Two rows of sixteen pixels.
__m256i rows_16(const std::uint8_t* pixels, std::ptrdiff_t stride) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(pixels)),
                                   load_16(pixels + stride), 1);
}

// Four rows of eight pixels.
__m256i rows_8(const std::uint8_t* pixels, std::ptrdiff_t stride) {
    const __m128i low = _mm_unpacklo_epi64(load_8(pixels), load_8(pixels + stride));
    pixels += 2 * stride;
    const __m128i high = _mm_unpacklo_epi64(load_8(pixels), load_8(pixels + stride));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

std::uint32_t total(__m256i sums) {
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 2));
}

// Four 64-bit sums below 2^16 to four 16-bit numbers.
void store_4(std::uint16_t* out, __m256i sums) {
    alignas(32) std::uint64_t values[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), sums);
    for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint16_t>(values[i]);
}

}  // namespace

namespace pyanalyzer::avx2 {

void block_row(const BlockRow& row, int begin, int end) {
    int block = begin;
    // The gradient reads one pixel to the right of the four blocks.
    for (; block + 4 <= end && (block + 4) * 8 < row.width; block += 4) {
        const __m256i zero = _mm256_setzero_si256();
        __m256i sum = zero, warped_sum = zero, texture = zero, difference = zero, residual = zero;
        const std::uint8_t* current = row.current + block * 8;
        const std::uint8_t* previous = row.previous + block * 8;
        const std::uint8_t* warped = row.warped + block * 8;
        __m256i here = load(current);
        for (int j = 0; j < 8; ++j) {
            const bool has_below = j < 7 || row.has_next;
            const __m256i below = has_below ? load(current + row.current_stride) : here;
            const __m256i aligned = load(warped);
            sum = _mm256_add_epi64(sum, _mm256_sad_epu8(here, zero));
            warped_sum = _mm256_add_epi64(warped_sum, _mm256_sad_epu8(aligned, zero));
            difference = _mm256_add_epi64(difference, _mm256_sad_epu8(here, load(previous)));
            residual = _mm256_add_epi64(residual, _mm256_sad_epu8(here, aligned));
            texture = _mm256_add_epi64(texture, _mm256_sad_epu8(here, load(current + 1)));
            texture = _mm256_add_epi64(texture, _mm256_sad_epu8(here, below));
            here = below;
            current += row.current_stride;
            previous += row.previous_stride;
            warped += row.warped_stride;
        }
        alignas(32) std::uint64_t sums[4];
        _mm256_store_si256(reinterpret_cast<__m256i*>(sums), sum);
        for (int i = 0; i < 4; ++i)
            row.mean[block + i] = static_cast<std::uint8_t>((sums[i] + 32) >> 6);
        store_4(row.texture + block, texture);
        store_4(row.difference + block, difference);
        store_4(row.residual + block, residual);
        alignas(32) std::int64_t signed_sums[4];
        _mm256_store_si256(reinterpret_cast<__m256i*>(signed_sums),
                           _mm256_sub_epi64(sum, warped_sum));
        for (int i = 0; i < 4; ++i)
            row.signed_sum[block + i] = static_cast<std::int16_t>(signed_sums[i]);
    }
    scalar::block_row(row, block, end);
}

void search_16(const SearchWindow& window, std::uint32_t* out) {
    __m256i current[8];
    for (int k = 0; k < 8; ++k)
        current[k] =
            rows_16(window.current + window.current_stride * (2 * k), window.current_stride);
    for (int dy = -3; dy <= 3; ++dy) {
        for (int dx = -3; dx <= 3; ++dx) {
            const std::uint8_t* reference = window.reference - (window.reference_stride * dy + dx);
            __m256i sums = _mm256_setzero_si256();
            for (int k = 0; k < 8; ++k, reference += 2 * window.reference_stride) {
                const __m256i rows = rows_16(reference, window.reference_stride);
                sums = _mm256_add_epi32(sums, _mm256_sad_epu8(current[k], rows));
            }
            *out++ = total(sums);
        }
    }
}

void search_8(const SearchWindow& window, std::uint32_t* out) {
    // One instruction compares four pixels with those at eight neighbouring offsets in each half:
    // offsets 0-7 from dx = 7 to the right in the lower half, 8-15 in the upper; the last is no
    // displacement of the search.
    __m256i current[8];
    for (int k = 0; k < 8; ++k)
        current[k] =
            _mm256_broadcastsi128_si256(load_8(window.current + window.current_stride * k));
    const __m256i backwards = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1));
    for (int dy = -7; dy <= 7; ++dy, out += 15) {
        const std::uint8_t* reference = window.reference - (window.reference_stride * dy + 7);
        __m256i first = _mm256_setzero_si256(), second = first;  // at most 8 * 4 * 255 each
        for (int k = 0; k < 8; ++k, reference += window.reference_stride) {
            const __m256i rows = rows_16(reference, 8);
            // Pixels 0-3 of the window's row, and 4-7.
            first = _mm256_add_epi16(first, _mm256_mpsadbw_epu8(rows, current[k], 0));
            second = _mm256_add_epi16(second, _mm256_mpsadbw_epu8(rows, current[k], 0x2d));
        }
        // From offsets to displacements, which rise the other way: 15 (none), then 14 to 0.
        const __m256i sums = _mm256_shuffle_epi8(_mm256_add_epi16(first, second), backwards);
        alignas(32) std::uint16_t ordered[16];
        _mm256_store_si256(reinterpret_cast<__m256i*>(ordered),
                           _mm256_permute4x64_epi64(sums, 0x4e));
        for (int i = 0; i < 15; ++i) out[i] = ordered[i + 1];
    }
}

std::uint32_t sad_16(const SearchWindow& window) {
    __m256i sums = _mm256_setzero_si256();
    for (int k = 0; k < 16; k += 2) {
        const __m256i a =
            rows_16(window.current + window.current_stride * k, window.current_stride);
        const __m256i b =
            rows_16(window.reference + window.reference_stride * k, window.reference_stride);
        sums = _mm256_add_epi32(sums, _mm256_sad_epu8(a, b));
    }
    return total(sums);
}

std::uint32_t sad_8(const SearchWindow& window) {
    __m256i sums = _mm256_setzero_si256();
    for (int k = 0; k < 8; k += 4) {
        const __m256i a = rows_8(window.current + window.current_stride * k, window.current_stride);
        const __m256i b =
            rows_8(window.reference + window.reference_stride * k, window.reference_stride);
        sums = _mm256_add_epi32(sums, _mm256_sad_epu8(a, b));
    }
    return total(sums);
}

}  // namespace pyanalyzer::avx2
