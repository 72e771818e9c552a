// AVX2 twin of convolve's inner loop; also needs FMA, which every processor with AVX2 of Intel and
// AMD has.
#include <immintrin.h>

#include "convolve_kernels.hpp"

namespace {

constexpr int kLanes = 16;
// Twelve sums, two weights and one input fill fifteen of the sixteen registers.
constexpr int kPixels = 6;

template <int kCount>
void tile_of(const pyanalyzer::ConvolveTile& tile) {
    __m256 low[kCount], high[kCount];
    for (int p = 0; p < kCount; ++p) {
        const __m256 zero = _mm256_setzero_ps();
        low[p] = tile.from_zero ? zero : _mm256_loadu_ps(tile.sums + p * kLanes);
        high[p] = tile.from_zero ? zero : _mm256_loadu_ps(tile.sums + p * kLanes + 8);
    }
    const float* weights = tile.weights;
    for (int cell = 0; cell < tile.cells; ++cell) {
        const float* inputs[kCount];
        for (int p = 0; p < kCount; ++p) inputs[p] = tile.starts[p] + tile.offsets[cell];
        for (int c = 0; c < tile.channels; ++c, weights += kLanes) {
            const __m256 first = _mm256_loadu_ps(weights), second = _mm256_loadu_ps(weights + 8);
            for (int p = 0; p < kCount; ++p) {
                const __m256 input = _mm256_broadcast_ss(inputs[p] + c);
                low[p] = _mm256_fmadd_ps(input, first, low[p]);
                high[p] = _mm256_fmadd_ps(input, second, high[p]);
            }
        }
    }
    for (int p = 0; p < kCount; ++p) {
        _mm256_storeu_ps(tile.sums + p * kLanes, low[p]);
        _mm256_storeu_ps(tile.sums + p * kLanes + 8, high[p]);
    }
}

// As many pixels as are left: all numbers up to the largest.
template <int kCount>
void tile_up_to(const pyanalyzer::ConvolveTile& tile, int count) {
    if (count == kCount) return tile_of<kCount>(tile);
    if constexpr (kCount > 1) tile_up_to<kCount - 1>(tile, count);
}

// A mask of the first `count` of eight lanes, or of all if there are more.
__m256i first_lanes(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace

namespace pyanalyzer::avx2 {

void convolve_tile(const ConvolveTile& tile) {
    // Twelve pixels of two groups are too many for sixteen registers: six of one at a time.
    for (int group = 0; group < tile.groups; ++group)
        for (int begin = 0; begin < tile.pixels; begin += kPixels) {
            ConvolveTile part = tile;
            part.starts = tile.starts + begin;
            part.weights = tile.weights + group * tile.next_group;
            part.sums = tile.sums + (group * kConvolvePixels + begin) * kLanes;
            const int left = tile.pixels - begin;
            tile_up_to<kPixels>(part, left < kPixels ? left : kPixels);
        }
}

void convolve_finish(const ConvolveFinish& group) {
    for (int p = 0; p < group.pixels; ++p) {
        const float* added = group.residual ? group.residual + p * group.residual_next : nullptr;
        float* to = group.to + p * group.next;
        for (int c = 0; c < group.channels; c += 8) {
            const __m256i wanted = first_lanes(group.channels - c);
            __m256 value = _mm256_loadu_ps(group.sums + p * kLanes + c);
            if (added) value = _mm256_add_ps(value, _mm256_maskload_ps(added + c, wanted));
            // The second operand where the first is not above it, also where it is no number.
            if (group.relu) value = _mm256_max_ps(value, _mm256_setzero_ps());
            _mm256_maskstore_ps(to + c, wanted, value);
        }
    }
}

}  // namespace pyanalyzer::avx2
