// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/checkpoint_info.h"

#include <sstream>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

constexpr const char* kFormat = "sanas-checkpoint-3";

std::string print(const std::array<double, 3>& values) {
  std::ostringstream text;
  text.precision(17);
  text << values[0] << ' ' << values[1] << ' ' << values[2];
  return text.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    result.push_back(line);
  }
  return result;
}

/// Reads the metadata of one file and names it in every error.
class Metadata {
 public:
  Metadata(const NamedTensors& tensors, const std::string& source)
      : metadata_(tensors.metadata), source_(source) {}

  const std::string& text(const std::string& key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) {
      throw FileError(source_ + ": no checkpoint of sanas (its metadata has no '" + key + "')");
    }
    return found->second;
  }

  int64_t number(const std::string& key) const {
    const std::string& digits = text(key);
    if (digits.empty() || digits.size() > 18 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      throw FileError(source_ + ": the metadata '" + key + "' is no number");
    }
    return std::stoll(digits);
  }

  std::array<double, 3> triple(const std::string& key) const {
    std::array<double, 3> values{};
    std::istringstream stream(text(key));
    if (!(stream >> values[0] >> values[1] >> values[2])) {
      throw FileError(source_ + ": the metadata '" + key + "' is not three numbers");
    }
    return values;
  }

 private:
  const std::map<std::string, std::string>& metadata_;
  const std::string& source_;
};

}  // namespace

DatasetInfo CheckpointInfo::data() const {
  DatasetInfo info;
  info.name = dataset;
  info.classes = classes;
  info.height = height;
  info.width = width;
  return info;
}

void write_checkpoint_info(NamedTensors& tensors, const CheckpointInfo& info) {
  tensors.metadata["format"] = kFormat;
  tensors.metadata["kind"] = info.kind;
  tensors.metadata["config"] = to_yaml(info.config);
  tensors.metadata["genotype"] = info.genotype;
  tensors.metadata["dataset"] = info.dataset;
  tensors.metadata["classes"] = join(info.classes, "\n");
  tensors.metadata["mean"] = print(info.normalization.mean);
  tensors.metadata["std"] = print(info.normalization.std);
  tensors.metadata["images"] = info.images;
  tensors.metadata["height"] = std::to_string(info.height);
  tensors.metadata["width"] = std::to_string(info.width);
  tensors.metadata["step"] = std::to_string(info.step);
  tensors.metadata["metrics_position"] = std::to_string(info.metrics_position);
}

CheckpointInfo read_checkpoint_info(const NamedTensors& tensors, const std::string& source) {
  const Metadata metadata(tensors, source);
  if (metadata.text("format") != kFormat) {
    throw FileError(source + ": a checkpoint of another version of sanas ('" +
                    metadata.text("format") + "', expected '" + kFormat + "')");
  }
  CheckpointInfo info;
  info.kind = metadata.text("kind");
  try {
    info.config = parse_config(metadata.text("config"), source + " (its configuration)");
  } catch (const ConfigError& error) {  // no configuration of the user's is wrong
    throw FileError(error.what());
  }
  info.genotype = metadata.text("genotype");
  info.dataset = metadata.text("dataset");
  info.classes = lines(metadata.text("classes"));
  info.normalization = {metadata.triple("mean"), metadata.triple("std")};
  info.images = metadata.text("images");
  info.height = metadata.number("height");
  info.width = metadata.number("width");
  info.step = metadata.number("step");
  info.metrics_position = static_cast<uint64_t>(metadata.number("metrics_position"));
  return info;
}

void check_same_images(const CheckpointInfo& info, const std::string& images,
                       const std::string& source) {
  if (info.images != images) {
    throw DataError(source + ": the run was begun with other images of '" + info.dataset +
                    "': files were added, removed or renamed, or another version of sanas drew " +
                    "the parts of the training images");
  }
}

const torch::Tensor& find_tensor(const NamedTensors& tensors, const std::string& name,
                                 const std::string& source) {
  const auto* found = tensors.tensors.find(name);
  if (found == nullptr) {
    throw FileError(source + ": the tensor '" + name + "' is missing");
  }
  return *found;
}

int64_t find_integer(const NamedTensors& tensors, const std::string& name,
                     const std::string& source) {
  const torch::Tensor& tensor = find_tensor(tensors, name, source);
  if (tensor.numel() != 1 || tensor.scalar_type() != torch::kInt64) {
    throw FileError(source + ": the tensor '" + name + "' is not one integer");
  }
  return tensor.item<int64_t>();
}

void append(NamedTensors& to, const NamedTensors& from) {
  for (const auto& entry : from.tensors) {
    to.tensors.insert(entry.key(), entry.value());
  }
}

void append_momentum(NamedTensors& to, const torch::nn::Module& net, const TensorList& buffers,
                     const std::string& prefix) {
  size_t i = 0;
  for (const auto& parameter : net.named_parameters()) {
    to.tensors.insert(prefix + parameter.key(), buffers[i++]);
  }
}

TensorList load_momentum(const NamedTensors& tensors, const std::string& source,
                         const torch::nn::Module& net, const std::string& prefix) {
  TensorList buffers;
  for (const auto& parameter : net.named_parameters()) {
    const auto& buffer = find_tensor(tensors, prefix + parameter.key(), source);
    if (buffer.sizes() != parameter.value().sizes()) {
      throw FileError(source + ": '" + prefix + parameter.key() + "' has the wrong shape");
    }
    buffers.push_back(buffer.to(parameter.value().options()));
  }
  return buffers;
}

void append_meter(NamedTensors& to, const std::string& name, const ClassificationMeter& meter) {
  const auto state = meter.state();
  to.tensors.insert(name, torch::tensor({state[0], state[1], state[2], state[3]}, torch::kDouble));
}

ClassificationMeter load_meter(const NamedTensors& tensors, const std::string& source,
                               const std::string& name) {
  const auto values = find_tensor(tensors, name, source).to(torch::kDouble).contiguous();
  if (values.numel() != 4) {
    throw FileError(source + ": '" + name + "' has " + std::to_string(values.numel()) +
                    " numbers, expected 4");
  }
  const auto* v = values.data_ptr<double>();
  return ClassificationMeter::from_state({v[0], v[1], v[2], v[3]});
}

namespace {

int64_t load_reported_epochs(const NamedTensors& tensors, const std::string& source, int64_t step,
                             int64_t steps_per_epoch) {
  constexpr const char* kName = "reported_epochs";
  if (!tensors.tensors.contains(kName)) {  // an older one, saved when all that is done is reported
    return step / steps_per_epoch;
  }
  const int64_t epochs = find_integer(tensors, kName, source);
  if (epochs < 0 || epochs > step / steps_per_epoch || step > (epochs + 1) * steps_per_epoch) {
    throw FileError(source + ": " + std::to_string(epochs) + " reported epochs of " +
                    std::to_string(steps_per_epoch) + " mini-batches don't fit " +
                    std::to_string(step) + " mini-batches");
  }
  return epochs;
}

}  // namespace

void append_counts(NamedTensors& to, const RunCounts& counts) {
  to.tensors.insert("reported_epochs", torch::tensor(counts.reported_epochs));
  to.tensors.insert("skipped_updates", torch::tensor(counts.skipped_updates));
  to.tensors.insert("skipped_images", torch::tensor(counts.skipped_images));
  to.tensors.insert("rollbacks", torch::tensor(counts.rollbacks));
}

RunCounts load_counts(const NamedTensors& tensors, const std::string& source, int64_t step,
                      int64_t steps_per_epoch) {
  RunCounts counts;
  counts.step = step;
  counts.reported_epochs = load_reported_epochs(tensors, source, step, steps_per_epoch);
  counts.skipped_updates = find_integer(tensors, "skipped_updates", source);
  counts.skipped_images = find_integer(tensors, "skipped_images", source);
  counts.rollbacks = find_integer(tensors, "rollbacks", source);
  return counts;
}

}  // namespace sanas
