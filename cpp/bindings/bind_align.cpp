#include "arrays.hpp"
#include "pyanalyzer/align.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_align(py::module_& module) {
    module.def(
        "align",
        [](const py::array& previous, const py::array& current,
           const std::optional<py::array>& valid,
           const std::optional<std::array<std::int64_t, 4>>& hint, double enough, int threads,
           const std::optional<std::string>& isa) {
            const LumaView before = luma_view(previous, "previous");
            const LumaView now = luma_view(current, "current");
            const Isa chosen = isa_argument(isa);
            const int count = threads_argument(threads);
            AlignOptions options;
            if (valid) {
                require_array(*valid, "valid", py::dtype::of<bool>(),
                              {now.height / kBlockPx, now.width / kBlockPx});
                options.valid = static_cast<const std::uint8_t*>(valid->data());
            }
            InverseQ16 hinted;
            if (hint) {
                hinted = {(*hint)[0], (*hint)[1], (*hint)[2], (*hint)[3]};
                options.hint = &hinted;
            }
            options.enough = enough;
            AlignResult result;
            {
                const py::gil_scoped_release release;
                result = align(before, now, options, count, chosen);
            }
            const InverseQ16& q = result.inverse;
            return std::make_tuple(std::make_tuple(q.a, q.b, q.tx, q.ty), result.confidence,
                                   result.aligned, result.explained);
        },
        py::arg("previous"), py::arg("current"), py::kw_only(), py::arg("valid") = py::none(),
        py::arg("hint") = py::none(), py::arg("enough") = 1.0, py::arg("threads") = 1,
        py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
