#include "arrays.hpp"
#include "pyanalyzer/warp.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_warp(py::module_& module) {
    module.def(
        "warp",
        [](const py::array& previous, const std::array<std::int64_t, 4>& inverse_q16, int threads,
           const std::optional<std::string>& isa) {
            const LumaView source = luma_view(previous, "previous");
            const Isa chosen = isa_argument(isa);
            const int count = threads_argument(threads);
            const InverseQ16 inverse{inverse_q16[0], inverse_q16[1], inverse_q16[2],
                                     inverse_q16[3]};
            auto out = new_luma(source.height, source.width);
            const MutableLumaView target = mutable_view(out);
            {
                const py::gil_scoped_release release;
                warp(source, inverse, target, count, chosen);
            }
            return out;
        },
        py::arg("previous"), py::arg("inverse_q16"), py::kw_only(), py::arg("threads") = 1,
        py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
