// The transforms of convolve_3x3 for AVX-512, sixteen channels at once.
#include <immintrin.h>

#include "convolve_3x3_steps.hpp"

namespace {

struct Sixteen {
    static constexpr int kAtOnce = 16;
    __m512 values;
    static Sixteen load(const float* from) { return {_mm512_loadu_ps(from)}; }
    void store(float* to) const { _mm512_storeu_ps(to, values); }
    Sixteen with_first(int count, const float* from) const {
        const unsigned wanted = count < 1 ? 0 : count < 16 ? (1U << count) - 1 : 0xffffU;
        return {_mm512_mask_loadu_ps(values, static_cast<__mmask16>(wanted), from)};
    }
    // The second operand where the first is not above it, also where it is no number.
    Sixteen above_zero() const {
        return {_mm512_maskz_max_ps(0xffff, values, _mm512_setzero_ps())};
    }
};
inline Sixteen operator+(Sixteen a, Sixteen b) { return {_mm512_add_ps(a.values, b.values)}; }
inline Sixteen operator-(Sixteen a, Sixteen b) { return {_mm512_sub_ps(a.values, b.values)}; }
inline Sixteen operator*(float a, Sixteen b) {
    return {_mm512_mul_ps(_mm512_set1_ps(a), b.values)};
}

}  // namespace

namespace pyanalyzer::avx512 {

void winograd_input(const WinogradInput& square) { whole_input<Sixteen, One>(square); }
void winograd_output(const WinogradOutput& square) { whole_output<Sixteen>(square); }

}  // namespace pyanalyzer::avx512
