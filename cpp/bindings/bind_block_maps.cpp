#include "arrays.hpp"
#include "pyanalyzer/block_maps.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

namespace {

// Checks arrays of one grid of blocks and gives their data.
class Grid {
  public:
    Grid(py::ssize_t rows, py::ssize_t cols) : rows_(rows), cols_(cols) {}

    template <typename Number>
    const Number* numbers(const py::array& array, const char* name) const {
        require_array(array, name, py::dtype::of<Number>(), {rows_, cols_});
        return static_cast<const Number*>(array.data());
    }

    const std::int16_t* vectors(const py::array& array, const char* name) const {
        require_array(array, name, py::dtype::of<std::int16_t>(), {rows_, cols_, 2});
        return static_cast<const std::int16_t*>(array.data());
    }

    const std::int16_t* vectors(const std::optional<py::array>& array, const char* name) const {
        return array ? vectors(*array, name) : nullptr;
    }

  private:
    py::ssize_t rows_, cols_;
};

}  // namespace

void register_block_maps(py::module_& module) {
    module.def(
        "block_maps",
        [](const py::array& mean, const py::array& texture, const py::array& difference,
           const py::array& residual, const py::array& signed_sum, const py::array& match,
           const py::array& motion_q4, const py::array& motion_change_q4,
           const py::array& noise_floor, const py::array& flow_match,
           const std::optional<py::array>& flow_q8,
           const std::optional<py::array>& flow_before_q8) {
            if (mean.ndim() != 2 || mean.size() < 1)
                throw py::value_error("mean must have the shape (rows, cols), with a block");
            const Grid grid(mean.shape(0), mean.shape(1));
            BlockMeasures measures{};
            measures.rows = static_cast<int>(mean.shape(0));
            measures.cols = static_cast<int>(mean.shape(1));
            measures.mean = grid.numbers<std::uint8_t>(mean, "mean");
            measures.texture = grid.numbers<std::uint16_t>(texture, "texture");
            measures.difference = grid.numbers<std::uint16_t>(difference, "difference");
            measures.residual = grid.numbers<std::uint16_t>(residual, "residual");
            measures.match = grid.numbers<std::uint16_t>(match, "match");
            measures.noise_floor = grid.numbers<std::uint16_t>(noise_floor, "noise_floor");
            measures.flow_match = grid.numbers<std::uint16_t>(flow_match, "flow_match");
            measures.signed_sum = grid.numbers<std::int16_t>(signed_sum, "signed");
            measures.motion_q4 = grid.vectors(motion_q4, "motion_q4");
            measures.motion_change_q4 = grid.vectors(motion_change_q4, "motion_change_q4");
            measures.flow_q8 = grid.vectors(flow_q8, "flow_q8");
            measures.flow_before_q8 = grid.vectors(flow_before_q8, "flow_before_q8");
            py::array_t<std::uint8_t> maps({py::ssize_t{kBlockMaps}, mean.shape(0), mean.shape(1)});
            const BlockSummary found = block_maps(measures, maps.mutable_data());
            return py::make_tuple(maps, found.difference, found.residual, found.active,
                                  found.change_x_px, found.change_y_px, found.expansion,
                                  found.expansion_change);
        },
        py::arg("mean"), py::arg("texture"), py::arg("difference"), py::arg("residual"),
        py::arg("signed"), py::arg("match"), py::arg("motion_q4"), py::arg("motion_change_q4"),
        py::arg("noise_floor"), py::arg("flow_match"), py::arg("flow_q8"),
        py::arg("flow_before_q8"));
}

}  // namespace pyanalyzer::bindings
