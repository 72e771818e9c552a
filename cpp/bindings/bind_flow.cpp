#include "arrays.hpp"
#include "pyanalyzer/flow.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_flow(py::module_& module) {
    module.def(
        "flow",
        [](const py::array& previous, const py::array& current,
           const std::optional<py::array>& valid, int threads,
           const std::optional<std::string>& isa) {
            const LumaView before = luma_view(previous, "previous");
            const LumaView now = luma_view(current, "current");
            const Isa chosen = isa_argument(isa);
            const int count = threads_argument(threads);
            const py::ssize_t rows = now.height / kBlockPx, cols = now.width / kBlockPx;
            if (valid) require_array(*valid, "valid", py::dtype::of<bool>(), {rows, cols});
            auto flow_q8 = py::array_t<std::int16_t>({rows, cols, py::ssize_t{2}});
            auto match = py::array_t<std::uint16_t>({rows, cols});
            const auto* mask = valid ? static_cast<const std::uint8_t*>(valid->data()) : nullptr;
            auto* vectors = flow_q8.mutable_data();
            auto* sums = match.mutable_data();
            {
                const py::gil_scoped_release release;
                flow(before, now, mask, vectors, sums, count, chosen);
            }
            return py::make_tuple(flow_q8, match);
        },
        py::arg("previous"), py::arg("current"), py::kw_only(), py::arg("valid") = py::none(),
        py::arg("threads") = 1, py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
