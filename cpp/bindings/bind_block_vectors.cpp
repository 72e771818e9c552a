#include "arrays.hpp"
#include "pyanalyzer/block_vectors.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_block_vectors(py::module_& module) {
    module.def(
        "block_vectors",
        [](const py::array& maps, int first_signed, bool mirrored, const std::vector<int>& turned) {
            if (maps.ndim() != 4)
                throw py::value_error("maps must have the shape (images, channels, rows, cols)");
            require_array(maps, "maps", py::dtype::of<std::uint8_t>(),
                          {maps.shape(0), maps.shape(1), maps.shape(2), maps.shape(3)});
            const auto extent = [&](int axis) { return static_cast<int>(maps.shape(axis)); };
            const BlockMaps blocks{static_cast<const std::uint8_t*>(maps.data()),
                                   extent(0),
                                   extent(1),
                                   extent(2),
                                   extent(3),
                                   first_signed};
            py::array_t<float> out(
                {maps.shape(0), maps.shape(2), maps.shape(3), maps.shape(1) + 2});
            {
                float* to = out.mutable_data();
                const py::gil_scoped_release release;
                block_vectors(blocks, mirrored, turned, to);
            }
            return out;
        },
        py::arg("maps"), py::kw_only(), py::arg("first_signed"), py::arg("mirrored") = false,
        py::arg("turned") = py::make_tuple());
}

}  // namespace pyanalyzer::bindings
