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
    if (factor == 2)
        downscale_row_2(source, stride, out, &done, out_width);
    else
        downscale_row_any(source, stride, factor, out, &done, out_width);
    scalar::downscale_row(source + static_cast<std::ptrdiff_t>(done) * factor, stride, factor,
                          out + done, out_width - done);
}

}  // namespace pyanalyzer::avx2
