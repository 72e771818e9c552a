// The arithmetic of the transforms, for some channels at once. Included by convolve_3x3.cpp and
// its twins, each with its own `Lanes` of kAtOnce floats
// (with_first: so many of the first lanes read anew; none or all where the number is beyond them);
// in an unnamed namespace, so that none gets another's.
#pragma once

#include "convolve_3x3_kernels.hpp"

namespace {

constexpr int kOut = 4, kIn = 6, kGroupLanes = 16;

// One channel where fewer are left than fill a register.
struct One {
    static constexpr int kAtOnce = 1;
    float value;
    static One load(const float* from) { return {*from}; }
    One with_first(int count, const float* from) const { return count > 0 ? One{*from} : *this; }
    void store(float* to) const { *to = value; }
    One above_zero() const { return {value > 0.0F ? value : 0.0F}; }
};
inline One operator+(One a, One b) { return {a.value + b.value}; }
inline One operator-(One a, One b) { return {a.value - b.value}; }
inline One operator*(float a, One b) { return {a * b.value}; }

// B^T d of Lavin and Gray: six values to six points, in this order of operations.
template <class V>
inline void to_points(const V (&d)[kIn], V (&t)[kIn]) {
    const V a = d[4] - 4.0F * d[2], b = d[3] - 4.0F * d[1];
    const V c = d[4] - d[2], e = 2.0F * (d[3] - d[1]);
    t[0] = (4.0F * d[0] - 5.0F * d[2]) + d[4];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = (4.0F * d[1] - 5.0F * d[3]) + d[5];
}

// A^T m: six points to four values.
template <class V>
inline void from_points(const V (&m)[kIn], V (&y)[kOut]) {
    const V s = m[1] + m[2], d = m[1] - m[2];
    const V t = m[3] + m[4], e = m[3] - m[4];
    y[0] = (m[0] + s) + t;
    y[1] = d + 2.0F * e;
    y[2] = s + 4.0F * t;
    y[3] = (d + 8.0F * e) + m[5];
}

// Columns first, then rows; kMixed where some of the channels are read elsewhere.
template <class V, bool kMixed>
inline void input_of(const pyanalyzer::WinogradInput& square, int channel) {
    const int later = square.shift - channel, earlier = later + square.shift;
    V half[kIn][kIn];
    for (int x = 0; x < kIn; ++x) {
        V column[kIn], points[kIn];
        for (int y = 0; y < kIn; ++y) {
            const int cell = y * kIn + x;
            column[y] = V::load(square.cells[cell] + channel);
            if constexpr (kMixed)
                column[y] = column[y]
                                .with_first(earlier, square.earlier[cell] + channel)
                                .with_first(later, square.later[cell] + channel);
        }
        to_points(column, points);
        for (int y = 0; y < kIn; ++y) half[y][x] = points[y];
    }
    for (int y = 0; y < kIn; ++y) {
        V points[kIn];
        to_points(half[y], points);
        for (int x = 0; x < kIn; ++x)
            points[x].store(square.to + (y * kIn + x) * square.point + channel);
    }
}

template <class V>
inline void output_of(const pyanalyzer::WinogradOutput& square, int lane) {
    V half[kOut][kIn];
    for (int x = 0; x < kIn; ++x) {
        V column[kIn], values[kOut];
        for (int y = 0; y < kIn; ++y)
            column[y] = V::load(square.from + (y * kIn + x) * square.point + lane);
        from_points(column, values);
        for (int y = 0; y < kOut; ++y) half[y][x] = values[y];
    }
    const V bias = V::load(square.bias + lane);
    for (int y = 0; y < kOut; ++y) {
        if (y == square.rows) return;
        V values[kOut];
        from_points(half[y], values);
        for (int x = 0; x < kOut; ++x) {
            if (x == square.cols) break;
            V value = values[x] + bias;
            if (square.residual)
                value = value + V::load(square.residual + y * square.residual_row +
                                        x * square.residual_col + lane);
            (square.relu ? value.above_zero() : value)
                .store(square.to + y * square.row + x * square.col + lane);
        }
    }
}

// As many channels at once as `Lanes` has; of what is left as many as the next of `Fewer` has.
template <class Lanes, class... Fewer>
inline void whole_input(const pyanalyzer::WinogradInput& square, int channel = 0) {
    for (; channel + Lanes::kAtOnce <= square.channels; channel += Lanes::kAtOnce)
        if (channel < 2 * square.shift)
            input_of<Lanes, true>(square, channel);
        else
            input_of<Lanes, false>(square, channel);
    if constexpr (sizeof...(Fewer) > 0) whole_input<Fewer...>(square, channel);
}

template <class Lanes>
inline void whole_output(const pyanalyzer::WinogradOutput& square) {
    for (int lane = 0; lane < kGroupLanes; lane += Lanes::kAtOnce) output_of<Lanes>(square, lane);
}

}  // namespace
