// The transforms of convolve_3x3 for AVX2, eight channels at once.
#include <immintrin.h>

#include "convolve_3x3_steps.hpp"

namespace {

struct Eight {
    static constexpr int kAtOnce = 8;
    __m256 values;
    static Eight load(const float* from) { return {_mm256_loadu_ps(from)}; }
    void store(float* to) const { _mm256_storeu_ps(to, values); }
    Eight with_first(int count, const float* from) const {
        const __m256i first =
            _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
        return {
            _mm256_blendv_ps(values, _mm256_maskload_ps(from, first), _mm256_castsi256_ps(first))};
    }
    // The second operand where the first is not above it, also where it is no number.
    Eight above_zero() const { return {_mm256_max_ps(values, _mm256_setzero_ps())}; }
};
inline Eight operator+(Eight a, Eight b) { return {_mm256_add_ps(a.values, b.values)}; }
inline Eight operator-(Eight a, Eight b) { return {_mm256_sub_ps(a.values, b.values)}; }
inline Eight operator*(float a, Eight b) { return {_mm256_mul_ps(_mm256_set1_ps(a), b.values)}; }

}  // namespace

namespace pyanalyzer::avx2 {

void winograd_input(const WinogradInput& square) { whole_input<Eight, One>(square); }
void winograd_output(const WinogradOutput& square) { whole_output<Eight>(square); }

}  // namespace pyanalyzer::avx2
