// AVX-512 twin of convolve's inner loop: a group of 16 output channels is one register.
#include <immintrin.h>

#include "convolve_kernels.hpp"

namespace {

constexpr int kLanes = 16;

template <int kPixels, int kGroups>
void tile_of(const pyanalyzer::ConvolveTile& tile) {
    constexpr int kGroupSums = pyanalyzer::kConvolvePixels * kLanes;
    __m512 sums[kGroups][kPixels];
    for (int g = 0; g < kGroups; ++g)
        for (int p = 0; p < kPixels; ++p)
            sums[g][p] = tile.from_zero ? _mm512_setzero_ps()
                                        : _mm512_loadu_ps(tile.sums + g * kGroupSums + p * kLanes);
    const float* weights = tile.weights;
    for (int cell = 0; cell < tile.cells; ++cell) {
        const float* inputs[kPixels];
        for (int p = 0; p < kPixels; ++p) inputs[p] = tile.starts[p] + tile.offsets[cell];
        for (int c = 0; c < tile.channels; ++c, weights += kLanes) {
            __m512 weight[kGroups];
            for (int g = 0; g < kGroups; ++g)
                weight[g] = _mm512_loadu_ps(weights + g * tile.next_group);
            for (int p = 0; p < kPixels; ++p) {
                const __m512 input = _mm512_set1_ps(inputs[p][c]);
                for (int g = 0; g < kGroups; ++g)
                    sums[g][p] = _mm512_fmadd_ps(input, weight[g], sums[g][p]);
            }
        }
    }
    for (int g = 0; g < kGroups; ++g)
        for (int p = 0; p < kPixels; ++p)
            _mm512_storeu_ps(tile.sums + g * kGroupSums + p * kLanes, sums[g][p]);
}

// As many pixels as there are: all numbers up to the largest.
template <int kPixels, int kGroups>
void tile_up_to(const pyanalyzer::ConvolveTile& tile) {
    if (tile.pixels == kPixels) return tile_of<kPixels, kGroups>(tile);
    if constexpr (kPixels > 1) tile_up_to<kPixels - 1, kGroups>(tile);
}

}  // namespace

namespace pyanalyzer::avx512 {

void convolve_tile(const ConvolveTile& tile) {
    if (tile.groups == kConvolveGroups)
        tile_up_to<kConvolvePixels, kConvolveGroups>(tile);
    else
        tile_up_to<kConvolvePixels, 1>(tile);
}

}  // namespace pyanalyzer::avx512
