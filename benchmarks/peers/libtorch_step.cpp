// Training steps and predictions of the documented model in libtorch, as its users write it, with
// the weights and the data of `train_step --export`: libtorch_step INPUTS THREADS SECONDS. Prints
// JSON. Built by benchmarks/compare.py; it includes nothing of the library.
#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../median.h"

namespace {

// The tensors of a safetensors file that names, dtypes and shapes are known of.
class Inputs {
 public:
  explicit Inputs(const char* path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    std::uint64_t size = 0;
    std::copy_n(bytes_.data(), sizeof size, reinterpret_cast<char*>(&size));
    header_ = bytes_.substr(8, size);
    data_ = bytes_.data() + 8 + size;
  }

  torch::Tensor operator[](const std::string& name) const {
    const std::size_t entry = header_.find("\"" + name + "\":");
    const std::size_t end = header_.find('}', entry);
    const std::string text = header_.substr(entry, end - entry);
    const bool ids = text.find("\"I32\"") != std::string::npos;
    char* begin = const_cast<char*>(data_) + numbers(text, "data_offsets")[0];
    return torch::from_blob(begin, numbers(text, "shape"), ids ? torch::kInt32 : torch::kFloat32)
        .clone();
  }

 private:
  static std::vector<std::int64_t> numbers(const std::string& text, const char* key) {
    std::vector<std::int64_t> list;
    const char* at = text.c_str() + text.find('[', text.find(key));
    while (*at != ']') {
      char* next = nullptr;
      list.push_back(std::strtoll(at + 1, &next, 10));
      at = next;
    }
    return list;
  }

  std::string bytes_, header_;
  const char* data_;
};

struct Model : torch::nn::Module {
  torch::nn::Embedding embedding{nullptr};
  torch::nn::Conv1d cnn{nullptr};
  torch::nn::Linear hidden{nullptr}, score{nullptr};
  torch::Tensor scale;

  explicit Model(const Inputs& in) {
    const torch::Tensor table = in["embedding"], kernel = in["kernel"];
    const torch::Tensor h = in["hidden_kernel"], s = in["score_kernel"];
    embedding = register_module("embedding", torch::nn::Embedding(table.size(0), table.size(1)));
    cnn = register_module("cnn", torch::nn::Conv1d(torch::nn::Conv1dOptions(
                                     kernel.size(1), kernel.size(2), kernel.size(0))));
    hidden = register_module("hidden", torch::nn::Linear(h.size(0), h.size(1)));
    score = register_module("score", torch::nn::Linear(s.size(0), s.size(1)));
    scale = register_parameter("scale", in["scale"]);
    torch::NoGradGuard no_grad;
    embedding->weight.copy_(table);
    cnn->weight.copy_(kernel.permute({2, 1, 0}));
    cnn->bias.copy_(in["bias"]);
    hidden->weight.copy_(h.t());
    hidden->bias.copy_(in["hidden_bias"]);
    score->weight.copy_(s.t());
    score->bias.copy_(in["score_bias"]);
  }

  torch::Tensor encode(const torch::Tensor& ids) {
    const torch::Tensor x = torch::constant_pad_nd(embedding(ids).transpose(1, 2), {1, 2});
    return cnn(x).transpose(1, 2);
  }
  torch::Tensor forward(const torch::Tensor& queries, const torch::Tensor& values) {
    const torch::Tensor q = encode(queries), v = encode(values);
    const torch::Tensor pairs = torch::tanh(q.unsqueeze(2) + v.unsqueeze(1));
    const torch::Tensor weights = torch::softmax(torch::sum(scale * pairs, -1), -1);
    const torch::Tensor joined = torch::cat({q.mean(1), torch::matmul(weights, v).mean(1)}, -1);
    return torch::sigmoid(score(torch::relu(hidden(joined))));
  }
};

}  // namespace

int main(int, char** argv) {
  const Inputs in(argv[1]);
  torch::set_num_threads(std::atoi(argv[2]));
  const double seconds = std::atof(argv[3]);
  Model model(in);
  const torch::Tensor queries = in["queries"], values = in["values"], labels = in["labels"];
  torch::optim::Adam optimizer(model.parameters(), torch::optim::AdamOptions(1e-3).eps(1e-7));
  const auto infer = [&] {
    torch::NoGradGuard no_grad;
    return model.forward(queries, values);
  };
  const double difference = (infer() - in["predictions"]).abs().max().item<double>();
  const double infer_ms = median_ms(seconds, infer);
  const double train_ms = median_ms(seconds, [&] {
    optimizer.zero_grad();
    torch::binary_cross_entropy(model.forward(queries, values), labels).backward();
    optimizer.step();
  });
  std::printf("{\"train_ms\": %.4f, \"infer_ms\": %.4f, \"difference\": %.3g}\n", train_ms,
              infer_ms, difference);
  return 0;
}
