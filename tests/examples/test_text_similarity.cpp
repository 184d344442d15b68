// The program as its users run it: on small files of our own.
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <kindling/autograd/shaping.h>
#include <kindling/io/safetensors.h>

#include "tests/data/temporary_folder.h"
#include "tests/run_program.h"
#include "tests/tensors.h"

using namespace kindling;

namespace {

using Result = ProgramResult;

Result run(const std::string& arguments, const std::string& input = "/dev/null") {
  return run_program("text_similarity", arguments, input);
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Two texts are alike where they speak of the same animal.
std::string pairs() {
  static const char* const animals[] = {"cat", "dog", "horse", "cow", "owl"};
  static const char* const verbs[] = {"sleeps", "eats", "runs", "waits"};
  std::string text = "one,two,same\n";
  for (const char* a : animals) {
    for (const char* b : animals) {
      for (const char* v : verbs) {
        text += std::string("A ") + a + " " + v + " here,\"The " + b + ", it " + v + "\"," +
                (std::string(a) == b ? "1" : "0") + "\n";
      }
    }
  }
  return text;
}

const std::string small = " --depth 8 --filters 8 --hidden 4 --epochs 2 --batch-size 16 ";

}  // namespace

TEST_CASE("text_similarity trains, evaluates and predicts, repeatably whatever the threads") {
  const TemporaryFolder folder;
  const std::string data = folder.write("pairs.csv", pairs());
  const std::string files = " --data " + data + " --validation " + data;
  const std::string one = folder.file("one"), two = folder.file("two");
  const Result trained = run("train" + files + small + "--threads 1 --model " + one);
  INFO(trained.output);
  REQUIRE(trained.status == 0);
  CHECK(trained.output.find("token_embedding (Embedding)") != std::string::npos);
  CHECK(trained.output.find("Epoch 2/2") != std::string::npos);
  CHECK(trained.output.find("val_auc") != std::string::npos);
  REQUIRE(run("train" + files + small + "--threads 3 --model " + two).status == 0);
  CHECK(content(one + "/weights.safetensors") == content(two + "/weights.safetensors"));
  CHECK(content(one + "/model.json") == content(two + "/model.json"));

  const std::string scores = folder.file("scores.txt");
  const Result evaluated = run("evaluate --model " + one + " --data " + data +
                               " --json --predictions " + scores);
  INFO(evaluated.output);
  REQUIRE(evaluated.status == 0);
  const auto json = nlohmann::json::parse(evaluated.output);
  for (const char* key : {"auc", "accuracy", "loss", "baseline", "pairs"}) {
    CHECK(json.contains(key));
  }
  CHECK(json["pairs"] == 100);
  const std::string lines = content(scores);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 100);

  const Result predicted = run("predict --model " + one + " \"a cat sleeps\" \"the dog, it eats\"");
  CHECK(predicted.status == 0);
  CHECK(predicted.output.find("score 0.") == 0);
  CHECK(predicted.output.find("sleeps") != std::string::npos);
  const std::string batch = folder.write("batch.tsv", "a cat sleeps\tthe dog, it eats\na\tb\n");
  const Result batched = run("predict --model " + one + " --batch", batch);
  CHECK(batched.status == 0);
  CHECK(std::count(batched.output.begin(), batched.output.end(), '\n') == 2);
  // The same score, to the digits that are shown.
  CHECK(batched.output.substr(0, 5) == predicted.output.substr(6, 5));
}

TEST_CASE("text_similarity takes graded scores, columns by name and word vectors") {
  const TemporaryFolder folder;
  const std::string data = folder.write(
      "graded.tsv", "id\tleft\tright\trating\n1\ta cat\tthe cat\t5\n2\ta cat\ta dog\t1.5\n"
                    "3\tone owl\ttwo owls\t4\n4\tan owl\ta horse\t0\n");
  const std::string vectors = folder.write("vectors.txt", "cat 1 2 3\ndog 1 2 2\nowl 0 0 1\n");
  const std::string model = folder.file("model");
  const Result trained =
      run("train --data " + data + " --validation " + data + " --first left --second right " +
          "--score rating --score-max 5 --min-count 1 --no-mask --dropout 0.1 --vectors " +
          vectors + " --filters 8 --epochs 1 --model " + model);
  INFO(trained.output);
  REQUIRE(trained.status == 0);
  CHECK(trained.output.find("vectors.txt: 3 of 10 words found (30.0%), dimension 3; not found: ") !=
        std::string::npos);
  CHECK(trained.output.find("val_pearson") != std::string::npos);
  const Result evaluated = run("evaluate --json --model " + model + " --data " + data);
  INFO(evaluated.output);
  REQUIRE(evaluated.status == 0);
  const auto json = nlohmann::json::parse(evaluated.output);
  for (const char* key : {"pearson", "accuracy", "loss", "baseline", "pairs"}) {
    CHECK(json.contains(key));
  }
}

TEST_CASE("text_similarity knows the words of its vectors and may leave them as they are") {
  const TemporaryFolder folder;
  const std::string data = folder.write("pairs.csv", pairs());
  const std::string vectors = folder.write("vectors.txt", "cat 1 2 3\nzebra 4 5 6\n");
  const std::string model = folder.file("model");
  const Result trained = run("train --data " + data + small + "--vectors " + vectors +
                             " --vector-words --freeze-vectors --model " + model);
  INFO(trained.output);
  REQUIRE(trained.status == 0);
  CHECK(content(model + "/vocabulary.txt").ends_with("\nzebra\n"));
  const Tensor table = read_safetensors(model + "/weights.safetensors")
                           .at("token_embedding/embeddings");
  const std::vector<double> zebra = numbers(slice(table, 0, table.size(0) - 1, table.size(0)));
  CHECK(zebra == std::vector<double>{4, 5, 6});
  const Result refused = run("train --data " + data + small + "--freeze-vectors --model " + model);
  CHECK(refused.status != 0);
  CHECK(refused.output.find("--freeze-vectors requires --vectors") != std::string::npos);
}

TEST_CASE("text_similarity says what is wrong and leaves things as they were") {
  const TemporaryFolder folder;
  const std::string data = folder.write("pairs.csv", pairs());
  const auto error = [&](const std::string& arguments) {
    const Result result = run(arguments);
    CHECK(result.status == 1);
    const std::size_t at = result.output.rfind("text_similarity: ");
    return at == std::string::npos ? result.output : result.output.substr(at);
  };
  const std::string model = folder.file("model");
  CHECK(error("train --model " + model + " --wordnet " + folder.path()).find("apt install") !=
        std::string::npos);
  const std::string none = folder.file("none.csv");
  CHECK(error("train --data " + none + " --model " + model) ==
        "text_similarity: " + none + ": cannot be opened, No such file or directory\n");
  CHECK(error("predict --model " + none + " a b") ==
        "text_similarity: " + none +
            ": is no model that text_similarity train saved, there is no " + none +
            "/settings.json\n");
  CHECK(error("predict --model " + none + " a") ==
        "text_similarity: predict: two texts that aren't empty are needed, or --batch and pairs on "
        "standard input\n");
  REQUIRE(run("train --data " + data + small + "--model " + model).status == 0);
  CHECK(error("predict --model " + model + " \"?!\" b") ==
        "text_similarity: predict: the first text has no letter or digit, got \"?!\"\n");
  const std::string weights = content(model + "/weights.safetensors");
  // A full disk: no file may become longer than 8 KiB.
  const std::string limited = "bash -c 'set -o pipefail; (ulimit -f 8; trap \"\" XFSZ; exec " +
                              std::string(KINDLING_BIN_DIR) + "/text_similarity train --data " +
                              data + " --depth 64 --epochs 1 --model " + model + ") 2>&1 | cat > " +
                              folder.file("log") + "'";
  CHECK(std::system(limited.c_str()) != 0);
  CHECK(content(folder.file("log")).find("what was there before is unchanged") !=
        std::string::npos);
  CHECK(content(model + "/weights.safetensors") == weights);
  // Cut short, and a weight of another shape.
  std::ofstream(model + "/weights.safetensors", std::ios::binary) << weights.substr(0, 1000);
  CHECK(error("predict --model " + model + " a b").find("weights.safetensors: ") !=
        std::string::npos);
  std::string other = weights;
  const std::size_t name = other.find("\"score/bias\"");
  REQUIRE(name != std::string::npos);
  other.replace(name, 12, "\"score/bent\"");
  std::ofstream(model + "/weights.safetensors", std::ios::binary) << other;
  CHECK(error("predict --model " + model + " a b") ==
        "text_similarity: " + model + "/weights.safetensors: does not fit the model; missing: " +
        "score/bias; extra: score/bent\n");
}
