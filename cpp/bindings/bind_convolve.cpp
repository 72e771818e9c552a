#include <array>

#include "arrays.hpp"
#include "pyanalyzer/convolve.hpp"
#include "pyanalyzer/convolve_3x3.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

namespace {

using F32Array = py::array_t<float>;
using Pair = std::array<int, 2>;

int extent(const py::array& array, int axis) { return static_cast<int>(array.shape(axis)); }

void require_input(const py::array& input) {
    if (input.ndim() != 4)
        throw py::value_error("input must have the shape (images, rows, cols, channels)");
}

// Sizes of a call, from its arrays; what does not fit together is an error.
ConvolveShape shape_of(const py::array& input, const py::array& weights, int out_channels,
                       int stride, Pair dilation, Pair padding) {
    require_input(input);
    if (weights.ndim() != 5)
        throw py::value_error(
            "weights must have the shape (groups, kernel rows, kernel cols, channels, 16)");
    if (out_channels < 1) throw py::value_error("out_channels must be at least 1");
    ConvolveShape shape{extent(input, 0),   extent(input, 1),   extent(input, 2), extent(input, 3),
                        extent(weights, 1), extent(weights, 2), stride,           dilation[0],
                        dilation[1],        padding[0],         padding[1],       out_channels};
    require_array(
        weights, "weights", py::dtype::of<float>(),
        {shape.groups(), shape.kernel_rows, shape.kernel_cols, shape.in_channels, kConvolveLanes});
    return shape;
}

// The same of convolve_3x3, whose weights are transformed.
ConvolveShape shape_of_3x3(const py::array& input, const py::array& weights, int out_channels,
                           Pair dilation, Pair padding) {
    require_input(input);
    if (out_channels < 1) throw py::value_error("out_channels must be at least 1");
    ConvolveShape shape{
        extent(input, 0), extent(input, 1), extent(input, 2), extent(input, 3), 3,           3, 1,
        dilation[0],      dilation[1],      padding[0],       padding[1],       out_channels};
    require_array(weights, "weights", py::dtype::of<float>(),
                  {kWinogradPoints, shape.groups(), shape.in_channels, kConvolveLanes});
    return shape;
}

// Checks the other arrays of a call, and makes it.
F32Array run_layer(decltype(&convolve) layer, const ConvolveShape& shape, const py::array& input,
                   const py::array& weights, const py::array& bias,
                   const std::optional<py::array>& residual, bool relu, int threads,
                   const std::optional<std::string>& isa) {
    const py::dtype f32 = py::dtype::of<float>();
    require_array(input, "input", f32, {shape.images, shape.rows, shape.cols, shape.in_channels});
    require_array(bias, "bias", f32, {shape.groups() * kConvolveLanes});
    if (shape.stride < 1 || std::min(shape.out_rows(), shape.out_cols()) < 1)
        throw py::value_error("convolve: these sizes leave no output");
    const std::array<py::ssize_t, 4> size{shape.images, shape.out_rows(), shape.out_cols(),
                                          shape.out_channels};
    const float* added = nullptr;
    if (residual) {
        require_array(*residual, "residual", f32, {size[0], size[1], size[2], size[3]});
        added = static_cast<const float*>(residual->data());
    }
    const Isa chosen = isa_argument(isa);
    const int workers = threads_argument(threads);
    F32Array out(size);
    {
        float* to = out.mutable_data();
        const auto data = [](const py::array& array) {
            return static_cast<const float*>(array.data());
        };
        const py::gil_scoped_release release;
        layer(data(input), data(weights), data(bias), added, relu, to, shape, workers, chosen);
    }
    return out;
}

F32Array convolve_arrays(const py::array& input, const py::array& weights, const py::array& bias,
                         int out_channels, int stride, Pair dilation, Pair padding,
                         const std::optional<py::array>& residual, bool relu, int threads,
                         const std::optional<std::string>& isa) {
    const ConvolveShape shape = shape_of(input, weights, out_channels, stride, dilation, padding);
    return run_layer(convolve, shape, input, weights, bias, residual, relu, threads, isa);
}

F32Array convolve_3x3_arrays(const py::array& input, const py::array& weights,
                             const py::array& bias, int out_channels, Pair dilation, Pair padding,
                             const std::optional<py::array>& residual, bool relu, int threads,
                             const std::optional<std::string>& isa) {
    const ConvolveShape shape = shape_of_3x3(input, weights, out_channels, dilation, padding);
    return run_layer(convolve_3x3, shape, input, weights, bias, residual, relu, threads, isa);
}

}  // namespace

void register_convolve(py::module_& module) {
    module.def("convolve", &convolve_arrays, py::arg("input"), py::arg("weights"), py::arg("bias"),
               py::kw_only(), py::arg("out_channels"), py::arg("stride") = 1,
               py::arg("dilation") = py::make_tuple(1, 1),
               py::arg("padding") = py::make_tuple(0, 0), py::arg("residual") = py::none(),
               py::arg("relu") = false, py::arg("threads") = 1, py::arg("isa") = py::none());
    module.def("convolve_3x3", &convolve_3x3_arrays, py::arg("input"), py::arg("weights"),
               py::arg("bias"), py::kw_only(), py::arg("out_channels"),
               py::arg("dilation") = py::make_tuple(1, 1),
               py::arg("padding") = py::make_tuple(0, 0), py::arg("residual") = py::none(),
               py::arg("relu") = false, py::arg("threads") = 1, py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
