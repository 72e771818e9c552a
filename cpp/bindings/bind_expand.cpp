#include "arrays.hpp"
#include "pyanalyzer/expand.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_expand(py::module_& module) {
    module.def(
        "expand_limited_range",
        [](const py::array& luma, const std::optional<std::string>& isa) {
            const LumaView source = luma_view(luma, "luma");
            const Isa chosen = isa_argument(isa);
            auto out = new_luma(source.height, source.width);
            const MutableLumaView target = mutable_view(out);
            {
                const py::gil_scoped_release release;
                expand_limited_range(source, target, chosen);
            }
            return out;
        },
        py::arg("luma"), py::kw_only(), py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
