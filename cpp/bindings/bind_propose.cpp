#include "arrays.hpp"
#include "pyanalyzer/crops.hpp"
#include "pyanalyzer/mincut.hpp"
#include "pyanalyzer/propose.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

namespace {

EvidenceView evidence_view(const py::array& residual, const py::array& noise_floor,
                           const py::array& motion_q4, const py::array& motion_change_q4) {
    if (residual.ndim() != 2) throw py::value_error("residual must have the shape (rows, cols)");
    const py::ssize_t rows = residual.shape(0), cols = residual.shape(1);
    if (rows < 1 || cols < 1 || rows > 8192 || cols > 8192)
        throw py::value_error("the grid must have 1..8192 rows and columns");
    const auto sums = py::dtype::of<std::uint16_t>(), motions = py::dtype::of<std::int16_t>();
    require_array(residual, "residual", sums, {rows, cols});
    require_array(noise_floor, "noise_floor", sums, {rows, cols});
    require_array(motion_q4, "motion_q4", motions, {rows, cols, 2});
    require_array(motion_change_q4, "motion_change_q4", motions, {rows, cols, 2});
    return {static_cast<int>(rows),
            static_cast<int>(cols),
            static_cast<const std::uint16_t*>(residual.data()),
            static_cast<const std::uint16_t*>(noise_floor.data()),
            static_cast<const std::int16_t*>(motion_q4.data()),
            static_cast<const std::int16_t*>(motion_change_q4.data())};
}

void bind_label_grid(py::module_& module) {
    module.def(
        "label_grid",
        [](const py::array& unary, std::int32_t potts) {
            if (unary.ndim() != 2) throw py::value_error("unary must have the shape (rows, cols)");
            const py::ssize_t rows = unary.shape(0), cols = unary.shape(1);
            if (rows < 1 || cols < 1 || rows > 8192 || cols > 8192)
                throw py::value_error("the grid must have 1..8192 rows and columns");
            require_array(unary, "unary", py::dtype::of<std::int32_t>(), {rows, cols});
            py::array_t<std::uint8_t> labels({rows, cols});
            std::uint8_t* out = labels.mutable_data();
            {
                const py::gil_scoped_release release;
                label_grid(static_cast<const std::int32_t*>(unary.data()), static_cast<int>(rows),
                           static_cast<int>(cols), potts, out);
            }
            return labels;
        },
        py::arg("unary"), py::arg("potts"));
}

void bind_block_unaries(py::module_& module) {
    module.def(
        "block_unaries",
        [](const py::array& residual, const py::array& noise_floor, const py::array& motion_q4,
           const py::array& motion_change_q4) {
            const EvidenceView view =
                evidence_view(residual, noise_floor, motion_q4, motion_change_q4);
            py::array_t<std::int32_t> unary(
                {static_cast<py::ssize_t>(view.rows), static_cast<py::ssize_t>(view.cols)});
            block_unaries(view, unary.mutable_data());
            return unary;
        },
        py::arg("residual"), py::arg("noise_floor"), py::arg("motion_q4"),
        py::arg("motion_change_q4"));
}

void bind_proposals(py::module_& module) {
    module.def(
        "propose",
        [](const py::array& residual, const py::array& noise_floor, const py::array& motion_q4,
           const py::array& motion_change_q4, int limit) {
            const EvidenceView view =
                evidence_view(residual, noise_floor, motion_q4, motion_change_q4);
            if (limit < 0) throw py::value_error("limit must not be negative");
            std::vector<ProposalRow> rows;
            {
                const py::gil_scoped_release release;
                rows = propose(view, limit);
            }
            std::vector<std::array<int, 10>> out;
            for (const ProposalRow& p : rows)
                out.push_back({p.x_px, p.y_px, p.w_px, p.h_px, p.score_q4, p.motion_q4[0],
                               p.motion_q4[1], p.motion_change_q4[0], p.motion_change_q4[1],
                               p.blocks});
            return out;
        },
        py::arg("residual"), py::arg("noise_floor"), py::arg("motion_q4"),
        py::arg("motion_change_q4"), py::arg("limit"));
}

void bind_crops(py::module_& module) {
    module.def(
        "crops",
        [](const py::array& previous_warped, const py::array& current,
           const std::vector<std::array<int, 4>>& regions) {
            const LumaView before = luma_view(previous_warped, "previous_warped");
            const LumaView now = luma_view(current, "current");
            if (before.width != now.width || before.height != now.height)
                throw py::value_error("previous_warped and current must have the same shape");
            constexpr py::ssize_t side = kCropPx;
            py::array_t<std::uint8_t> out(
                {static_cast<py::ssize_t>(regions.size()), py::ssize_t{2}, side, side});
            std::uint8_t* pixels = out.mutable_data();
            {
                const py::gil_scoped_release release;
                for (const auto& [x, y, w, h] : regions) {
                    const Square square = crop_square(x, y, w, h, now.width, now.height);
                    for (const LumaView picture : {before, now}) {
                        resample_square(picture, square, pixels);
                        pixels += side * side;
                    }
                }
            }
            return out;
        },
        py::arg("previous_warped"), py::arg("current"), py::arg("regions"));
}

}  // namespace

void register_propose(py::module_& module) {
    bind_label_grid(module);
    bind_block_unaries(module);
    bind_proposals(module);
    bind_crops(module);
}

}  // namespace pyanalyzer::bindings
