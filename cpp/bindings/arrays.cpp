#include "arrays.hpp"

namespace pyanalyzer::bindings {

LumaView luma_view(const py::array& array, const char* name) {
    const std::string label(name);
    if (!array.dtype().is(py::dtype::of<std::uint8_t>()) &&
        !array.dtype().equal(py::dtype::of<std::uint8_t>()))
        throw py::type_error(label + " must be uint8, not " + std::string(py::str(array.dtype())));
    if (array.ndim() != 2)
        throw py::value_error(label + " must have the shape (height, width), not " +
                              std::to_string(array.ndim()) + " axes");
    if (array.shape(0) < 1 || array.shape(1) < 1) throw py::value_error(label + " is empty");
    if (array.shape(0) > 65535 || array.shape(1) > 65535)
        throw py::value_error(label + " is larger than 65535 px on a side");
    if (array.shape(1) > 1 && array.strides(1) != 1)
        throw py::value_error(label +
                              " must have contiguous pixels in each row (stride 1); it has " +
                              std::to_string(array.strides(1)));
    return {static_cast<const std::uint8_t*>(array.data()), array.strides(0),
            static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0))};
}

void require_array(const py::array& array, const char* name, const py::dtype& dtype,
                   std::initializer_list<py::ssize_t> shape) {
    const std::string label(name);
    if (!array.dtype().equal(dtype))
        throw py::type_error(label + " must be " + std::string(py::str(dtype)) + ", not " +
                             std::string(py::str(array.dtype())));
    bool fits = array.ndim() == static_cast<py::ssize_t>(shape.size());
    std::string wanted;
    py::ssize_t axis = 0;
    for (const py::ssize_t extent : shape) {
        fits = fits && array.shape(axis) == extent;
        wanted += (axis ? ", " : "") + std::to_string(extent);
        ++axis;
    }
    if (!fits) throw py::value_error(label + " must have the shape (" + wanted + ")");
    if (!(array.flags() & py::array::c_style))
        throw py::value_error(label + " must be C-contiguous");
}

Isa isa_argument(const std::optional<std::string>& name) {
    return name ? isa_from_name(*name) : default_isa();
}

int threads_argument(int threads) {
    if (threads < 1)
        throw py::value_error("threads must be at least 1, not " + std::to_string(threads));
    return threads;
}

py::array_t<std::uint8_t> new_luma(int height, int width) {
    return py::array_t<std::uint8_t>(
        {static_cast<py::ssize_t>(height), static_cast<py::ssize_t>(width)});
}

MutableLumaView mutable_view(py::array_t<std::uint8_t>& array) {
    return {array.mutable_data(), array.strides(0), static_cast<int>(array.shape(1)),
            static_cast<int>(array.shape(0))};
}

}  // namespace pyanalyzer::bindings
