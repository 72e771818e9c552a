#include "align_model.hpp"

#include <algorithm>
#include <cmath>

namespace pyanalyzer {

namespace {

std::int64_t q16(double value) {
    return static_cast<std::int64_t>(std::floor(value * 65536.0 + 0.5));
}

}  // namespace

InverseQ16 quantize(const Model& model) {
    return {q16(model.a), q16(model.b), q16(model.tx), q16(model.ty)};
}

Model model_of(const InverseQ16& inverse) {
    return {static_cast<double>(inverse.a) / 65536.0, static_cast<double>(inverse.b) / 65536.0,
            static_cast<double>(inverse.tx) / 65536.0, static_cast<double>(inverse.ty) / 65536.0};
}

Model to_coarser(const Model& m) {
    return {m.a, m.b, (m.tx - 0.5 + 0.5 * (m.a - m.b)) / 2.0,
            (m.ty - 0.5 + 0.5 * (m.a + m.b)) / 2.0};
}

Model to_finer(const Model& m) {
    return {m.a, m.b, 2.0 * m.tx + 0.5 - 0.5 * (m.a - m.b), 2.0 * m.ty + 0.5 - 0.5 * (m.a + m.b)};
}

bool plausible(const Model& m, int height, int width) {
    const double reach = width + height;
    return std::abs(m.a - 1.0) <= kMaxLinearChange && std::abs(m.b) <= kMaxLinearChange &&
           std::abs(m.tx) <= reach && std::abs(m.ty) <= reach;
}

double corner_distance_px(const Model& first, const Model& second, int height, int width) {
    const double a = first.a - second.a, b = first.b - second.b;
    const double tx = first.tx - second.tx, ty = first.ty - second.ty;
    double distance = 0.0;
    for (const double x : {0.0, static_cast<double>(width)})
        for (const double y : {0.0, static_cast<double>(height)})
            distance =
                std::max({distance, std::abs(a * x - b * y + tx), std::abs(b * x + a * y + ty)});
    return distance;
}

}  // namespace pyanalyzer
