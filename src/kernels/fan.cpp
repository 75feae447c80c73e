// SPDX-License-Identifier: Apache-2.0
#include "kernels/fan.h"

#include <torch/autograd.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "kernels/fan_checks.h"
#include "kernels/fan_computation.h"
#include "sanas/core/error.h"

// First derivative B(g, x) = ∇_x ⟨g, f(x)⟩, x being the source and all parameters. With cotangents
// u of B's results the second one asks for the gradient of ⟨u, B⟩, which is
//
//     in g: the change of f(x) along u,
//     in x: the change of B(g, x) along u with g fixed:
//
// the ε-parts of f and B at x + u ε. No formula is needed that f and B do not have already.

namespace sanas::kernels {
namespace {

using torch::Tensor;
using torch::TensorList;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// What one call of a fan and its derivatives share. Lists of tensors hold the source, the
/// parameters, and then what else there is.
struct FanCall {
  FanSpec spec;
  size_t parameters = 0;
  /// For each target, whether it begins with something. What is undefined is in no list.
  std::vector<bool> starts;

  size_t targets() const { return static_cast<size_t>(spec.targets); }
  size_t inputs() const { return 1 + parameters; }
};
using Call = std::shared_ptr<const FanCall>;

/// Keeps a Call in the graph.
struct Holder : torch::CustomClassHolder {
  explicit Holder(Call call) : call(std::move(call)) {}
  Call call;
};

void keep(AutogradContext* context, const Call& call) {
  context->saved_data["call"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(call));
}

Call kept_call(AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<Holder>(context->saved_data["call"].toCapsule())->call;
}

/// A list without the places that are false: what Function takes and gives is defined.
variable_list gather(const variable_list& list, const std::vector<bool>& places) {
  variable_list result;
  for (size_t i = 0; i < list.size(); ++i) {
    if (places[i]) {
      result.push_back(list[i]);
    }
  }
  return result;
}

/// The way back: undefined tensors in the places that are false.
variable_list scatter(const variable_list& list, const std::vector<bool>& places) {
  variable_list result(places.size());
  size_t next = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i]) {
      result[i] = list[next++];
    }
  }
  return result;
}

template <typename S>
Storage<S> constant(const Tensor& value) {
  return {value, kIsDual<S> ? torch::zeros_like(value) : Tensor()};
}

/// Calls compute<float>() or compute<double>().
template <typename Compute>
auto by_type(const Tensor& source, Compute compute) {
  return source.scalar_type() == torch::kDouble ? compute.template operator()<double>()
                                                : compute.template operator()<float>();
}

template <typename T>
FanInput<T> input_of(const FanCall& call, TensorList tensors) {
  FanInput<T> input{{tensors[0], {}}, {}, {}};
  for (size_t i = 1; i < call.inputs(); ++i) {
    input.parameters.push_back({tensors[i].contiguous(), {}});
  }
  if (tensors.size() > call.inputs()) {
    const auto starts = scatter(tensors.slice(call.inputs()).vec(), call.starts);
    for (const auto& start : starts) {
      input.starts.push_back({start.defined() ? start.contiguous() : start, {}});
    }
  }
  return input;
}

/// For the source and each parameter, whether it is asked for.
std::vector<bool> needs_of(AutogradContext* context, size_t first, size_t count) {
  std::vector<bool> result;
  for (size_t i = 0; i < count; ++i) {
    result.push_back(context->needs_input_grad(first + i));
  }
  return result;
}

FanNeeds fan_needs(const std::vector<bool>& inputs) {
  return {inputs.front(), {inputs.begin() + 1, inputs.end()}};
}

/// One tensor of each Storage of the gradients, in the order of the inputs.
template <typename S>
variable_list list_of(const FanGradients<S>& gradients, Tensor Storage<S>::*which) {
  variable_list result{gradients.source.*which};
  for (const auto& parameter : gradients.parameters) {
    result.push_back(parameter.*which);
  }
  return result;
}

/// B(g, x).
variable_list first_derivative(const FanCall& call, TensorList inputs,
                               const std::vector<Tensor>& kept, TensorList arriving,
                               const std::vector<bool>& needs) {
  return by_type(inputs[0], [&]<typename T>() {
    FanComputation<T> computation(call.spec, input_of<T>(call, inputs));
    computation.restore(kept);
    std::vector<Storage<T>> g;
    for (const auto& tensor : arriving) {
      g.push_back({tensor.contiguous(), {}});
    }
    return list_of(computation.backward(g, fan_needs(needs)), &Storage<T>::value);
  });
}

/// Gradients of ⟨u, B(g, x)⟩: in g, and then in x where asked for.
variable_list second_derivative(const FanCall& call, TensorList arriving, TensorList inputs,
                                const variable_list& u, const std::vector<bool>& needs) {
  return by_type(inputs[0], [&]<typename T>() {
    using S = Dual<T>;
    const auto along = [&](size_t i) -> Storage<S> {
      const auto value = inputs[i].contiguous();
      return u[i].defined() ? Storage<S>{value, u[i].contiguous()} : constant<S>(value);
    };
    FanInput<S> input{along(0), {}, {}};
    for (size_t i = 1; i < call.inputs(); ++i) {
      input.parameters.push_back(along(i));
    }
    FanComputation<S> computation(call.spec, std::move(input));
    variable_list result;
    for (auto& output : computation.forward(fan_needs(needs).parameters)) {
      result.push_back(output.tangent);
    }
    std::vector<Storage<S>> g;
    for (const auto& tensor : arriving) {
      g.push_back(constant<S>(tensor.contiguous()));
    }
    const auto of_inputs = list_of(computation.backward(g, fan_needs(needs)), &Storage<S>::tangent);
    result.insert(result.end(), of_inputs.begin(), of_inputs.end());
    return result;
  });
}

/// Passes tensors on; who differentiates them gets an error. `anchors` are what they depend on.
struct LastDerivative : Function<LastDerivative> {
  static variable_list forward(AutogradContext* /*context*/, TensorList tensors,
                               TensorList /*anchors*/) {
    variable_list result;
    for (const auto& tensor : tensors) {
      result.push_back(tensor.alias());
    }
    return result;
  }
  static variable_list backward(AutogradContext* /*context*/, const variable_list& /*g*/) {
    throw Error("the fused kernels have no third derivative: set kernels: composed");
  }
};

/// Keeps a list of true and false in the graph.
void keep(AutogradContext* context, const std::vector<bool>& places) {
  c10::List<bool> list;
  for (const bool place : places) {
    list.push_back(place);
  }
  context->saved_data["places"] = list;
}

std::vector<bool> kept_places(AutogradContext* context) {
  const auto list = context->saved_data["places"].toBoolList();
  return {list.begin(), list.end()};
}

/// B(g, x) as a function of the arriving gradients g and the inputs x: the parts that are needed.
struct FanGradient : Function<FanGradient> {
  /// @param kept of the forward pass. @param tensors g, x.
  static variable_list forward(AutogradContext* context, const Call& call,
                               const std::shared_ptr<std::vector<Tensor>>& kept,
                               const std::vector<bool>& needs, TensorList tensors) {
    keep(context, call);
    keep(context, needs);
    context->save_for_backward(tensors.vec());
    return gather(first_derivative(*call, tensors.slice(call->targets()), *kept,
                                   tensors.slice(0, call->targets()), needs),
                  needs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& u) {
    const Call call = kept_call(context);
    const auto saved = context->get_saved_variables();
    const TensorList tensors = saved;
    auto needs = needs_of(context, call->targets(), call->inputs());
    auto result =
        second_derivative(*call, tensors.slice(0, call->targets()), tensors.slice(call->targets()),
                          scatter(u, kept_places(context)), needs);
    if (torch::GradMode::is_enabled()) {
      needs.insert(needs.begin(), call->targets(), true);
      const auto defined = gather(result, needs);
      result = scatter(LastDerivative::apply(TensorList(defined), tensors), needs);
    }
    result.insert(result.begin(), 3, Tensor());  // no tensors
    return result;
  }
};

/// f(x).
struct FanFunction : Function<FanFunction> {
  /// @param gradients whether they may be asked for. @param tensors x, starts.
  static variable_list forward(AutogradContext* context, const Call& call, bool gradients,
                               TensorList tensors) {
    keep(context, call);
    return by_type(tensors[0], [&]<typename T>() {
      FanComputation<T> computation(call->spec, input_of<T>(*call, tensors));
      std::vector<bool> weights;
      for (size_t i = 1; i < call->inputs(); ++i) {
        weights.push_back(gradients && tensors[i].requires_grad());
      }
      variable_list outputs;
      for (auto& output : computation.forward(weights)) {
        outputs.push_back(output.value);
      }
      if (gradients) {
        variable_list saved = tensors.slice(0, call->inputs()).vec();
        const auto kept = computation.kept();
        saved.insert(saved.end(), kept.begin(), kept.end());
        context->save_for_backward(std::move(saved));
      }
      return outputs;
    });
  }

  static variable_list backward(AutogradContext* context, const variable_list& g) {
    const Call call = kept_call(context);
    const auto saved = context->get_saved_variables();
    const TensorList inputs = TensorList(saved).slice(0, call->inputs());
    const auto kept = TensorList(saved).slice(call->inputs()).vec();
    const auto needs = needs_of(context, 0, call->inputs());
    variable_list result;
    if (torch::GradMode::is_enabled()) {
      variable_list tensors = g;
      tensors.insert(tensors.end(), inputs.begin(), inputs.end());
      result = scatter(FanGradient::apply(call, std::make_shared<std::vector<Tensor>>(kept), needs,
                                          TensorList(tensors)),
                       needs);
    } else {
      result = first_derivative(*call, inputs, kept, g, needs);
    }
    const auto of_starts = gather(g, call->starts);
    result.insert(result.end(), of_starts.begin(), of_starts.end());
    result.insert(result.begin(), 2, Tensor());  // no tensors
    return result;
  }
};

}  // namespace

std::vector<Tensor> fan(const FanSpec& spec, const Tensor& source,
                        const std::vector<Tensor>& starts, const std::vector<Tensor>& parameters) {
  check_fan(spec, source, starts, parameters);
  const auto call = std::make_shared<FanCall>(FanCall{spec, parameters.size(), {}});
  for (const auto& start : starts) {
    call->starts.push_back(start.defined());
  }
  call->starts.resize(call->targets(), false);
  variable_list tensors{source.contiguous()};
  tensors.insert(tensors.end(), parameters.begin(), parameters.end());
  const auto defined = gather(starts, call->starts);
  tensors.insert(tensors.end(), defined.begin(), defined.end());
  const bool gradients = std::any_of(tensors.begin(), tensors.end(),
                                     [](const Tensor& tensor) { return tensor.requires_grad(); });
  return FanFunction::apply(Call(call), gradients && torch::GradMode::is_enabled(),
                            TensorList(tensors));
}

}  // namespace sanas::kernels
