// AVX2 twin of warp_row, for motions near the identity: the sources of eight neighbouring pixels
// then lie within 16 columns and three rows, so three loads and byte shuffles replace the gathers.
#include <immintrin.h>

#include "warp_kernels.hpp"

namespace {

constexpr int kGroup = 8;    // pixels per step
constexpr int kWindow = 16;  // columns that one load brings

int smaller(int a, int b) { return a < b ? a : b; }

// Eight 32-bit integers, known to fit, to eight 16-bit ones.
__m128i narrow(__m256i values) {
    return _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
}

// left*(256-fx) + right*fx of one row, 16 bits each: left*256 + (right-left)*fx modulo 2^16.
__m128i across(const unsigned char* row, __m128i take_left, __m128i take_right, __m128i fx) {
    const __m128i pixels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row));
    const __m128i left = _mm_shuffle_epi8(pixels, take_left);
    const __m128i right = _mm_shuffle_epi8(pixels, take_right);
    return _mm_add_epi16(_mm_slli_epi16(left, 8), _mm_mullo_epi16(_mm_sub_epi16(right, left), fx));
}

// (upper*(256-fy) + lower*fy + 32768) >> 16. Unsigned 16-bit operands are made signed for madd by
// taking 32768 off; the weights sum to 256, so 256 * 32768 is added back.
__m128i down(__m128i upper, __m128i lower, __m128i fy) {
    const __m128i flip = _mm_set1_epi16(-32768);
    const __m128i weight = _mm_sub_epi16(_mm_set1_epi16(256), fy);
    const __m128i bias = _mm_set1_epi32(256 * 32768 + 32768);
    upper = _mm_xor_si128(upper, flip);
    lower = _mm_xor_si128(lower, flip);
    const __m128i low =
        _mm_madd_epi16(_mm_unpacklo_epi16(upper, lower), _mm_unpacklo_epi16(weight, fy));
    const __m128i high =
        _mm_madd_epi16(_mm_unpackhi_epi16(upper, lower), _mm_unpackhi_epi16(weight, fy));
    const __m128i words = _mm_packus_epi32(_mm_srli_epi32(_mm_add_epi32(low, bias), 16),
                                           _mm_srli_epi32(_mm_add_epi32(high, bias), 16));
    return _mm_packus_epi16(words, words);
}

// left*(256-fx) + right*fx of one row for sixteen pixels. Each half has its own sixteen columns;
// each 16-bit lane of `take` names the left pixel and, in its high byte, the right one.
__m256i across(const unsigned char* lower, const unsigned char* upper, __m256i take, __m256i fx) {
    const __m256i pixels = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lower))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(upper)), 1);
    const __m256i pairs = _mm256_shuffle_epi8(pixels, take);
    // right - left: the weights -1 (low byte) and +1 (high byte).
    const __m256i rise = _mm256_maddubs_epi16(pairs, _mm256_set1_epi16(0x01ff));
    return _mm256_add_epi16(_mm256_slli_epi16(pairs, 8), _mm256_mullo_epi16(rise, fx));
}

__m256i down(__m256i upper, __m256i lower, __m256i fy) {
    const __m256i flip = _mm256_set1_epi16(-32768);
    const __m256i weight = _mm256_sub_epi16(_mm256_set1_epi16(256), fy);
    const __m256i bias = _mm256_set1_epi32(256 * 32768 + 32768);
    upper = _mm256_xor_si256(upper, flip);
    lower = _mm256_xor_si256(lower, flip);
    const __m256i low =
        _mm256_madd_epi16(_mm256_unpacklo_epi16(upper, lower), _mm256_unpacklo_epi16(weight, fy));
    const __m256i high =
        _mm256_madd_epi16(_mm256_unpackhi_epi16(upper, lower), _mm256_unpackhi_epi16(weight, fy));
    return _mm256_packus_epi32(_mm256_srli_epi32(_mm256_add_epi32(low, bias), 16),
                               _mm256_srli_epi32(_mm256_add_epi32(high, bias), 16));
}

// The lower half filled with one integer, the upper with another.
__m256i halves(int lower, int upper) {
    return _mm256_blend_epi32(_mm256_set1_epi32(lower), _mm256_set1_epi32(upper), 0xf0);
}

// Steps of a or b to the pixels of a group, in the order that packing 32 to 16 bits undoes.
struct Steps {
    __m256i first;   // pixels 0-3 and 8-11, counted from 0 and from 8
    __m256i second;  // pixels 4-7 and 12-15
};

Steps steps_of(int step) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3);
    const __m256i first = _mm256_mullo_epi32(lanes, _mm256_set1_epi32(step));
    return {first, _mm256_add_epi32(first, _mm256_set1_epi32(4 * step))};
}

// Whole steps from the base (high byte) and fraction (low byte) of sixteen positions, which begin
// at `start` (in 1/65536, relative to the base of each half).
__m256i positions(__m256i start, const Steps& steps) {
    return _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(start, steps.first), 8),
                              _mm256_srai_epi32(_mm256_add_epi32(start, steps.second), 8));
}

// Sixteen pixels whose sources, and all that is loaded around them, lie inside the picture.
class Inside {
  public:
    explicit Inside(const pyanalyzer::WarpSource& source)
        : source_(source),
          a_(static_cast<int>(source.a)),
          b_(static_cast<int>(source.b)),
          x_steps_(steps_of(a_)),
          y_steps_(steps_of(b_)) {}

    // False, and nothing is written, where they do not.
    bool group(int xs, int ys, std::uint8_t* out) const {
        const int xs8 = xs + 8 * a_, ys8 = ys + 8 * b_;
        const int rows_end = source_.height - 3;  // three rows are loaded
        const int x0 = xs >> 16, x8 = xs8 >> 16;
        const int y0 = (b_ < 0 ? ys + 7 * b_ : ys) >> 16;
        const int y8 = (b_ < 0 ? ys8 + 7 * b_ : ys8) >> 16;
        if (xs < 0 || x8 > source_.width - kWindow || y0 < 0 || y8 < 0 || y0 > rows_end ||
            y8 > rows_end)
            return false;
        const __m256i byte = _mm256_set1_epi16(255);
        const __m256i x = positions(halves(xs & 65535, xs8 & 65535), x_steps_);
        const __m256i y = positions(halves(ys - (y0 << 16), ys8 - (y8 << 16)), y_steps_);
        const __m256i fx = _mm256_and_si256(x, byte);
        const __m256i column = _mm256_srli_epi16(x, 8);
        const __m256i take = _mm256_add_epi16(_mm256_or_si256(column, _mm256_slli_epi16(column, 8)),
                                              _mm256_set1_epi16(0x0100));
        const unsigned char* lower = source_.data + source_.stride * y0 + x0;
        const unsigned char* upper = source_.data + source_.stride * y8 + x8;
        const std::ptrdiff_t stride = source_.stride;
        const __m256i h0 = across(lower, upper, take, fx);
        const __m256i h1 = across(lower + stride, upper + stride, take, fx);
        __m256i above = h0, below = h1;
        // The row is 0 or 1 below the base; where the view turns little, mostly 0.
        const __m256i second = _mm256_cmpgt_epi16(y, byte);
        if (!_mm256_testz_si256(second, second)) {
            const __m256i h2 = across(lower + 2 * stride, upper + 2 * stride, take, fx);
            above = _mm256_blendv_epi8(h0, h1, second);
            below = _mm256_blendv_epi8(h1, h2, second);
        }
        const __m256i words = down(above, below, _mm256_and_si256(y, byte));
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
        return true;
    }

  private:
    const pyanalyzer::WarpSource& source_;
    int a_, b_;
    Steps x_steps_, y_steps_;
};

// Eight pixels anywhere: positions are clamped to the picture.
class Anywhere {
  public:
    explicit Anywhere(const pyanalyzer::WarpSource& source) : source_(source) {
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        x_lane_ = _mm256_mullo_epi32(lane, _mm256_set1_epi32(static_cast<int>(source.a)));
        y_lane_ = _mm256_mullo_epi32(lane, _mm256_set1_epi32(static_cast<int>(source.b)));
    }

    void group(int xs, int ys, std::uint8_t* out) const {
        const __m256i x = clamped(xs, x_lane_, source_.width), byte = _mm256_set1_epi32(255);
        const __m256i y = clamped(ys, y_lane_, source_.height);
        const __m128i x0 = narrow(_mm256_srai_epi32(x, 16));
        const __m128i y0 = narrow(_mm256_srai_epi32(y, 16));
        const __m128i fx = narrow(_mm256_and_si256(_mm256_srai_epi32(x, 8), byte));
        const __m128i fy = narrow(_mm256_and_si256(_mm256_srai_epi32(y, 8), byte));
        const int x_base = smaller(_mm_extract_epi16(x0, 0), source_.width - kWindow);
        const int y_base = smaller(_mm_extract_epi16(y0, 0), _mm_extract_epi16(y0, 7));
        // Shuffle masks: the low byte of each 16-bit lane is fetched, the high byte cleared. In the
        // picture's last column take_right may name byte 16, which wraps: its weight is zero.
        const __m128i column = _mm_sub_epi16(x0, _mm_set1_epi16(static_cast<short>(x_base)));
        const __m128i cleared = _mm_set1_epi16(static_cast<short>(0x8000));
        const __m128i take_left = _mm_or_si128(column, cleared);
        const __m128i take_right = _mm_or_si128(_mm_add_epi16(column, _mm_set1_epi16(1)), cleared);
        const int last = source_.height - 1;
        const unsigned char* base = source_.data + x_base;
        const unsigned char* row0 = base + source_.stride * y_base;
        const unsigned char* row1 = base + source_.stride * smaller(y_base + 1, last);
        const unsigned char* row2 = base + source_.stride * smaller(y_base + 2, last);
        const __m128i h0 = across(row0, take_left, take_right, fx);
        const __m128i h1 = across(row1, take_left, take_right, fx);
        const __m128i h2 = across(row2, take_left, take_right, fx);
        const __m128i first = _mm_cmpeq_epi16(y0, _mm_set1_epi16(static_cast<short>(y_base)));
        const __m128i upper = _mm_blendv_epi8(h1, h0, first);
        const __m128i lower = _mm_blendv_epi8(h2, h1, first);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out), down(upper, lower, fy));
    }

  private:
    static __m256i clamped(int start, __m256i steps, int size) {
        const __m256i end = _mm256_set1_epi32((size - 1) << 16);
        const __m256i position = _mm256_add_epi32(_mm256_set1_epi32(start), steps);
        return _mm256_max_epi32(_mm256_setzero_si256(), _mm256_min_epi32(end, position));
    }

    const pyanalyzer::WarpSource& source_;
    __m256i x_lane_, y_lane_;
};

}  // namespace

namespace pyanalyzer::avx2 {

bool warp_fits(const WarpSource& source) {
    // Seven steps of a stay within 14 columns, seven steps of b within one row.
    // 2^14 px a side keep positions in 1/65536 px within 31 bits.
    return source.width >= kWindow && source.width <= 16384 && source.height <= 16384 &&
           source.a > 0 && source.a <= 2 * 65536 && source.b * 7 < 65536 && source.b * 7 > -65536;
}

void warp_row(const WarpSource& source, std::int64_t xs, std::int64_t ys, std::uint8_t* out,
              int count) {
    const Inside inside(source);
    const Anywhere anywhere(source);
    int i = 0;
    while (i + kGroup <= count) {
        const int x = static_cast<int>(xs + source.a * i), y = static_cast<int>(ys + source.b * i);
        if (i + 2 * kGroup <= count && inside.group(x, y, out + i)) {
            i += 2 * kGroup;
        } else {
            anywhere.group(x, y, out + i);
            i += kGroup;
        }
    }
    scalar::warp_row(source, xs + source.a * i, ys + source.b * i, out + i, count - i);
}

}  // namespace pyanalyzer::avx2
