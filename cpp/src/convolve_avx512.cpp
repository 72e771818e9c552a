// AVX-512 twin of convolve's inner loop: a group of 16 output channels is one register.
#include <immintrin.h>

#include "convolve_kernels.hpp"

namespace {

constexpr int kLanes = 16;

template <int kPixels, int kGroups>
void tile_of(const pyanalyzer::ConvolveTile& tile, int first) {
    constexpr int kGroupSums = pyanalyzer::kConvolvePixels * kLanes;
    float* const to = tile.sums + first * kLanes;
    __m512 sums[kGroups][kPixels];
    for (int g = 0; g < kGroups; ++g)
        for (int p = 0; p < kPixels; ++p)
            sums[g][p] = tile.from_zero ? _mm512_setzero_ps()
                                        : _mm512_loadu_ps(to + g * kGroupSums + p * kLanes);
    const float* weights = tile.weights;
    for (int cell = 0; cell < tile.cells; ++cell) {
        const float* inputs[kPixels];
        for (int p = 0; p < kPixels; ++p) inputs[p] = tile.starts[first + p] + tile.offsets[cell];
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
            _mm512_storeu_ps(to + g * kGroupSums + p * kLanes, sums[g][p]);
}

// Pixels first .. last (half-open), at most kPixels: all numbers up to that.
template <int kPixels, int kGroups>
void tile_up_to(const pyanalyzer::ConvolveTile& tile, int first, int last) {
    if (last - first == kPixels) return tile_of<kPixels, kGroups>(tile, first);
    if constexpr (kPixels > 1) tile_up_to<kPixels - 1, kGroups>(tile, first, last);
}

// All pixels, at most kPixels at once.
template <int kPixels, int kGroups>
void tile_by(const pyanalyzer::ConvolveTile& tile) {
    for (int first = 0; first < tile.pixels; first += kPixels)
        tile_up_to<kPixels, kGroups>(tile, first,
                                     tile.pixels - first < kPixels ? tile.pixels : first + kPixels);
}

}  // namespace

namespace pyanalyzer::avx512 {

// Up to 24 sums, four weights and one input are in the 32 registers. With more than two groups half
// the pixels at a time: then the pointers to their inputs are in registers, too.
void convolve_tile(const ConvolveTile& tile) {
    switch (tile.groups) {
        case 1:
            return tile_by<12, 1>(tile);
        case 2:
            return tile_by<12, 2>(tile);
        case 3:
            return tile_by<6, 3>(tile);
        default:
            return tile_by<6, 4>(tile);
    }
}

void convolve_finish(const ConvolveFinish& group) {
    const auto wanted = static_cast<__mmask16>((1U << group.channels) - 1U);
    for (int p = 0; p < group.pixels; ++p) {
        const float* added = group.residual ? group.residual + p * group.residual_next : nullptr;
        float* to = group.to + p * group.next;
        __m512 value = _mm512_loadu_ps(group.sums + p * kLanes);
        if (added) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(wanted, added));
        // The second operand where the first is not above it, also where it is no number.
        if (group.relu) value = _mm512_maskz_max_ps(0xffff, value, _mm512_setzero_ps());
        _mm512_mask_storeu_ps(to, wanted, value);
    }
}

}  // namespace pyanalyzer::avx512
