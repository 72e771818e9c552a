#include "arrays.hpp"
#include "pyanalyzer/downscale.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_downscale(py::module_& module) {
    module.def(
        "downscale",
        [](const py::array& luma, int factor, bool limited_range, int threads,
           const std::optional<std::string>& isa) {
            const LumaView source = luma_view(luma, "luma");
            if (factor < 1 || factor > 16) throw py::value_error("factor must be 1..16");
            if (source.height < factor || source.width < factor)
                throw py::value_error("luma is smaller than factor");
            const Isa chosen = isa_argument(isa);
            const int count = threads_argument(threads);
            auto out = new_luma(source.height / factor, source.width / factor);
            const MutableLumaView target = mutable_view(out);
            {
                const py::gil_scoped_release release;
                (limited_range ? downscale_limited_range : downscale)(source, factor, target, count,
                                                                      chosen);
            }
            return out;
        },
        py::arg("luma"), py::arg("factor"), py::kw_only(), py::arg("limited_range") = false,
        py::arg("threads") = 1, py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
