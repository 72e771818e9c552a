#include "arrays.hpp"
#include "pyanalyzer/difference.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

namespace {

template <typename T>
py::array_t<T> grid_array(py::ssize_t rows, py::ssize_t cols) {
    return py::array_t<T>({rows, cols});
}

py::array_t<std::int16_t> motion_array(py::ssize_t rows, py::ssize_t cols) {
    return py::array_t<std::int16_t>({rows, cols, py::ssize_t{2}});
}

}  // namespace

void register_difference(py::module_& module) {
    module.def(
        "difference",
        [](const py::array& previous, const py::array& current, bool aligned,
           const std::array<std::int64_t, 4>& inverse_q16, const py::array& motion_q4,
           const py::array& quiet_q4, const std::optional<py::array>& valid, int threads,
           const std::optional<std::string>& isa) {
            const LumaView before = luma_view(previous, "previous");
            const LumaView now = luma_view(current, "current");
            const Isa chosen = isa_argument(isa);
            const int count = threads_argument(threads);
            const InverseQ16 inverse{inverse_q16[0], inverse_q16[1], inverse_q16[2],
                                     inverse_q16[3]};
            const py::ssize_t rows = now.height / kBlockPx, cols = now.width / kBlockPx;
            require_array(motion_q4, "memory.motion_q4", py::dtype::of<std::int16_t>(),
                          {rows, cols, 2});
            require_array(quiet_q4, "memory.quiet_q4", py::dtype::of<std::int32_t>(), {rows, cols});
            if (valid) require_array(*valid, "valid", py::dtype::of<bool>(), {rows, cols});

            auto mean = grid_array<std::uint8_t>(rows, cols);
            auto texture = grid_array<std::uint16_t>(rows, cols);
            auto plain = grid_array<std::uint16_t>(rows, cols);
            auto residual = grid_array<std::uint16_t>(rows, cols);
            auto signed_sum = grid_array<std::int16_t>(rows, cols);
            auto match = grid_array<std::uint16_t>(rows, cols);
            auto motion = motion_array(rows, cols);
            auto change = motion_array(rows, cols);
            auto floor = grid_array<std::uint16_t>(rows, cols);
            auto next_motion = motion_array(rows, cols);
            auto next_quiet = grid_array<std::int32_t>(rows, cols);
            const EvidenceArrays out{
                mean.mutable_data(),     texture.mutable_data(),    plain.mutable_data(),
                residual.mutable_data(), signed_sum.mutable_data(), match.mutable_data(),
                motion.mutable_data(),   change.mutable_data(),     floor.mutable_data()};
            const ConstMemoryArrays memory{static_cast<const std::int16_t*>(motion_q4.data()),
                                           static_cast<const std::int32_t*>(quiet_q4.data())};
            const MemoryArrays next{next_motion.mutable_data(), next_quiet.mutable_data()};
            const auto* mask = valid ? static_cast<const std::uint8_t*>(valid->data()) : nullptr;
            {
                const py::gil_scoped_release release;
                difference(before, now, aligned, inverse, mask, memory, out, next, count, chosen);
            }
            return py::make_tuple(mean, texture, plain, residual, signed_sum, match, motion, change,
                                  floor, next_motion, next_quiet);
        },
        py::arg("previous"), py::arg("current"), py::arg("aligned"), py::arg("inverse_q16"),
        py::arg("motion_q4"), py::arg("quiet_q4"), py::arg("valid") = py::none(), py::kw_only(),
        py::arg("threads") = 1, py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
