#include <algorithm>
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

using Array = std::optional<py::array>;

const float* data_of(const py::array& array) { return static_cast<const float*>(array.data()); }

// An array that may be None, which must have this shape; null if it is.
const float* data_of(const Array& array, const char* name,
                     std::initializer_list<py::ssize_t> shape) {
    if (!array) return nullptr;
    require_array(*array, name, py::dtype::of<float>(), shape);
    return data_of(*array);
}

// Floats from one pixel of the output to the next; what does not fit is an error.
int out_next(const py::array& out, const std::array<py::ssize_t, 4>& size) {
    const py::dtype f32 = py::dtype::of<float>();
    if (!out.dtype().equal(f32))
        throw py::type_error("out must be float32, not " + std::string(py::str(out.dtype())));
    if (out.ndim() != 4 || !std::equal(size.begin(), size.end(), out.shape()))
        throw py::value_error("out must have the result's shape");
    if (!out.writeable()) throw py::value_error("out is read-only");
    constexpr py::ssize_t kFloat = sizeof(float);
    // Where an axis has one place alone, its stride says nothing.
    py::ssize_t next = size[3] * kFloat, pixels = 1;
    bool known = false, even = size[3] == 1 || out.strides(3) == kFloat;
    for (int axis = 2; axis >= 0; pixels *= size[static_cast<std::size_t>(axis)], --axis) {
        if (out.shape(axis) == 1) continue;
        if (!known) next = out.strides(axis) / pixels;
        known = true;
        even = even && out.strides(axis) == next * pixels;
    }
    if (!even || next < size[3] * kFloat || next % kFloat != 0)
        throw py::value_error("out must be C-contiguous, or some neighbouring channels of what is");
    return static_cast<int>(next / kFloat);
}

// What both kinds of layers are given besides their sizes.
struct Call {
    const py::array &input, &bias;
    const Array &residual, &out;
    int threads;
    const std::optional<std::string>& isa;
};

// Checks the other arrays of a call, and makes it: `layer` has the residual, the output, threads
// and instruction set.
template <class Layer>
py::array run_layer(ConvolveShape& shape, const Call& call, Layer&& layer) {
    const py::dtype f32 = py::dtype::of<float>();
    require_array(call.input, "input", f32,
                  {shape.images, shape.rows, shape.cols, shape.in_channels});
    require_array(call.bias, "bias", f32, {shape.groups() * kConvolveLanes});
    if (shape.stride < 1 || std::min({shape.images, shape.out_rows(), shape.out_cols()}) < 1)
        throw py::value_error("convolve: these sizes leave no output");
    const std::array<py::ssize_t, 4> size{shape.images, shape.out_rows(), shape.out_cols(),
                                          shape.out_channels};
    const float* added = data_of(call.residual, "residual", {size[0], size[1], size[2], size[3]});
    const Isa isa = isa_argument(call.isa);
    const int threads = threads_argument(call.threads);
    py::array out = call.out ? *call.out : F32Array(size);
    shape.out_next = out_next(out, size);
    float* to = static_cast<float*>(out.mutable_data());
    const py::gil_scoped_release release;
    layer(added, to, threads, isa);
    return out;
}

py::array convolve_arrays(const py::array& input, const py::array& weights, const py::array& bias,
                          int out_channels, int stride, Pair dilation, Pair padding,
                          const Array& residual, bool relu, const Array& out, int threads,
                          const std::optional<std::string>& isa) {
    ConvolveShape shape = shape_of(input, weights, out_channels, stride, dilation, padding);
    return run_layer(shape, {input, bias, residual, out, threads, isa},
                     [&](const float* added, float* to, int workers, Isa chosen) {
                         convolve(data_of(input), data_of(weights), data_of(bias), added, relu, to,
                                  shape, workers, chosen);
                     });
}

py::array convolve_3x3_arrays(const py::array& input, const py::array& weights,
                              const py::array& bias, int out_channels, Pair dilation, Pair padding,
                              const Array& residual, bool relu, int shift, const Array& before,
                              const Array& after, const Array& out, int threads,
                              const std::optional<std::string>& isa) {
    ConvolveShape shape = shape_of_3x3(input, weights, out_channels, dilation, padding);
    const auto image = [&](const Array& array, const char* name) {
        return data_of(array, name, {shape.rows, shape.cols, shape.in_channels});
    };
    const ConvolveShift shifted{shift, image(before, "before"), image(after, "after")};
    return run_layer(shape, {input, bias, residual, out, threads, isa},
                     [&](const float* added, float* to, int workers, Isa chosen) {
                         convolve_3x3(data_of(input), data_of(weights), data_of(bias), added, relu,
                                      to, shape, shifted, workers, chosen);
                     });
}

}  // namespace

void register_convolve(py::module_& module) {
    module.def("convolve", &convolve_arrays, py::arg("input"), py::arg("weights"), py::arg("bias"),
               py::kw_only(), py::arg("out_channels"), py::arg("stride") = 1,
               py::arg("dilation") = py::make_tuple(1, 1),
               py::arg("padding") = py::make_tuple(0, 0), py::arg("residual") = py::none(),
               py::arg("relu") = false, py::arg("out") = py::none(), py::arg("threads") = 1,
               py::arg("isa") = py::none());
    module.def("convolve_3x3", &convolve_3x3_arrays, py::arg("input"), py::arg("weights"),
               py::arg("bias"), py::kw_only(), py::arg("out_channels"),
               py::arg("dilation") = py::make_tuple(1, 1),
               py::arg("padding") = py::make_tuple(0, 0), py::arg("residual") = py::none(),
               py::arg("relu") = false, py::arg("shift") = 0, py::arg("before") = py::none(),
               py::arg("after") = py::none(), py::arg("out") = py::none(), py::arg("threads") = 1,
               py::arg("isa") = py::none());
}

}  // namespace pyanalyzer::bindings
