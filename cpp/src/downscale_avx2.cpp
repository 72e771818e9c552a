// AVX2 twin of downscale_row: columns are summed over the rows first, 16 bits each, then across.
#include <immintrin.h>

#include "downscale_kernels.hpp"

namespace {

// The column sums of 16 source pixels over `factor` rows; at most 16 * 255, so 16 bits hold them.
__m256i column_sums(const std::uint8_t* source, std::ptrdiff_t stride, int factor) {
    __m256i sum = _mm256_setzero_si256();
    for (int j = 0; j < factor; ++j) {
        const auto* pixels = reinterpret_cast<const __m128i*>(source + stride * j);
        sum = _mm256_add_epi16(sum, _mm256_cvtepu8_epi16(_mm_loadu_si128(pixels)));
    }
    return sum;
}

void downscale_row_2(const std::uint8_t* source, std::ptrdiff_t stride, std::uint8_t* out,
                     int* done, int out_width) {
    const __m256i ones = _mm256_set1_epi8(1);
    const __m256i two = _mm256_set1_epi16(2);
    int x = 0;
    for (; x + 16 <= out_width; x += 16) {
        const auto* top = reinterpret_cast<const __m256i*>(source + 2 * x);
        const auto* bottom = reinterpret_cast<const __m256i*>(source + stride + 2 * x);
        __m256i sum = _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_loadu_si256(top), ones),
                                       _mm256_maddubs_epi16(_mm256_loadu_si256(bottom), ones));
        sum = _mm256_srli_epi16(_mm256_add_epi16(sum, two), 2);
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(sum, sum), 0x08);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x), _mm256_castsi256_si128(packed));
    }
    *done = x;
}

// Two 16-byte loads, one in each half.
__m256i two_loads(const std::uint8_t* lower, const std::uint8_t* upper) {
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lower))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(upper)), 1);
}

// Five boxes of three columns in each half: the first two columns of a box are added as a pair, the
// third one on its own.
void downscale_row_3(const std::uint8_t* source, std::ptrdiff_t stride, std::uint8_t* out,
                     int* done, int out_width) {
    constexpr char none = -1;  // a shuffle's zero
    const __m256i ones = _mm256_set1_epi8(1);
    const __m256i pairs = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 3, 4, 6, 7, 9, 10, 12, 13, none, none, none, none, none, none));
    const __m256i thirds = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        2, none, 5, none, 8, none, 11, none, 14, none, none, none, none, none, none, none));
    int x = 0;
    // 31 columns are read, and 13 results written of which ten count.
    for (; x + 13 <= out_width; x += 10) {
        __m256i sum = _mm256_set1_epi16(4);
        for (int j = 0; j < 3; ++j) {
            const std::uint8_t* row = source + stride * j + 3 * x;
            const __m256i pixels = two_loads(row, row + 15);
            sum = _mm256_add_epi16(sum,
                                   _mm256_maddubs_epi16(_mm256_shuffle_epi8(pixels, pairs), ones));
            sum = _mm256_add_epi16(sum, _mm256_shuffle_epi8(pixels, thirds));
        }
        // A ninth: 7282 / 65536, exact for sums up to 9 * 255 + 4.
        const __m256i ninths = _mm256_mulhi_epu16(sum, _mm256_set1_epi16(7282));
        const __m256i bytes = _mm256_packus_epi16(ninths, ninths);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + x), _mm256_castsi256_si128(bytes));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + x + 5),
                         _mm256_extracti128_si256(bytes, 1));
    }
    *done = x;
}

// The sums of eight boxes of four columns, 32 bits each.
__m256i boxes_of_4(const std::uint8_t* source, std::ptrdiff_t stride) {
    const __m256i ones = _mm256_set1_epi8(1);
    __m256i pairs = _mm256_setzero_si256();
    for (int j = 0; j < 4; ++j) {
        const auto* row = reinterpret_cast<const __m256i*>(source + stride * j);
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(_mm256_loadu_si256(row), ones));
    }
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

void downscale_row_4(const std::uint8_t* source, std::ptrdiff_t stride, std::uint8_t* out,
                     int* done, int out_width) {
    const __m256i half = _mm256_set1_epi16(8);
    int x = 0;
    for (; x + 16 <= out_width; x += 16) {
        __m256i sums = _mm256_packus_epi32(boxes_of_4(source + 4 * x, stride),
                                           boxes_of_4(source + 4 * x + 32, stride));
        sums = _mm256_srli_epi16(_mm256_add_epi16(sums, half), 4);
        // Packing goes by halves: boxes 0-3, 8-11 | 4-7, 12-15, four bytes each.
        const __m256i bytes = _mm256_packus_epi16(sums, sums);
        const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x),
                         _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(bytes, order)));
    }
    *done = x;
}

// One instruction sums eight bytes: four boxes of eight columns.
void downscale_row_8(const std::uint8_t* source, std::ptrdiff_t stride, std::uint8_t* out,
                     int* done, int out_width) {
    const __m256i zero = _mm256_setzero_si256();
    int x = 0;
    for (; x + 4 <= out_width; x += 4) {
        __m256i sums = _mm256_set1_epi64x(32);
        for (int j = 0; j < 8; ++j) {
            const auto* row = reinterpret_cast<const __m256i*>(source + stride * j + 8 * x);
            sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_loadu_si256(row), zero));
        }
        sums = _mm256_srli_epi64(sums, 6);
        out[x] = static_cast<std::uint8_t>(_mm256_extract_epi8(sums, 0));
        out[x + 1] = static_cast<std::uint8_t>(_mm256_extract_epi8(sums, 8));
        out[x + 2] = static_cast<std::uint8_t>(_mm256_extract_epi8(sums, 16));
        out[x + 3] = static_cast<std::uint8_t>(_mm256_extract_epi8(sums, 24));
    }
    *done = x;
}

void downscale_row_any(const std::uint8_t* source, std::ptrdiff_t stride, int factor,
                       std::uint8_t* out, int* done, int out_width) {
    const unsigned area = static_cast<unsigned>(factor * factor);
    // 16 columns at a time hold 16 / factor whole boxes; a load must not pass the row's last box.
    const int boxes = 16 / factor;
    const int source_width = out_width * factor;
    int x = 0;
    for (; x * factor + 16 <= source_width; x += boxes) {
        alignas(32) std::uint16_t columns[16];
        _mm256_store_si256(
            reinterpret_cast<__m256i*>(columns),
            column_sums(source + static_cast<std::ptrdiff_t>(x) * factor, stride, factor));
        for (int b = 0; b < boxes; ++b) {
            unsigned sum = area / 2;
            for (int i = 0; i < factor; ++i) sum += columns[b * factor + i];
            out[x + b] = static_cast<std::uint8_t>(sum / area);
        }
    }
    *done = x;
}

}  // namespace

namespace pyanalyzer::avx2 {

void downscale_row(const std::uint8_t* source, std::ptrdiff_t stride, int factor, std::uint8_t* out,
                   int out_width) {
    int done = 0;
    switch (factor) {
        case 2:
            downscale_row_2(source, stride, out, &done, out_width);
            break;
        case 3:
            downscale_row_3(source, stride, out, &done, out_width);
            break;
        case 4:
            downscale_row_4(source, stride, out, &done, out_width);
            break;
        case 8:
            downscale_row_8(source, stride, out, &done, out_width);
            break;
        default:
            downscale_row_any(source, stride, factor, out, &done, out_width);
    }
    scalar::downscale_row(source + static_cast<std::ptrdiff_t>(done) * factor, stride, factor,
                          out + done, out_width - done);
}

}  // namespace pyanalyzer::avx2
