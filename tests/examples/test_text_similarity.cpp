// The program as its users run it: on small files of our own.
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <kindling/autograd/shaping.h>
#include <kindling/io/file.h>
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

TEST_CASE("text_similarity refuses a folder whose files are of different models") {
  const TemporaryFolder folder;
  const std::string data = folder.write("pairs.csv", pairs());
  const std::string model = folder.file("model"), other = folder.file("other");
  REQUIRE(run("train --data " + data + small + "--model " + model).status == 0);
  REQUIRE(run("train --data " + data + small + "--seed 2 --model " + other).status == 0);
  const std::string vocabulary = content(model + "/vocabulary.txt");
  const std::string settings = content(model + "/settings.json");
  const std::string weights = content(model + "/weights.safetensors");
  const auto error = [&](const std::string& arguments) {
    const Result result = run(arguments);
    CHECK(result.status == 1);
    return result.output;
  };
  const std::string predict = "predict --model " + model + " \"a cat\" \"the dog\"";
  const std::string start =
      "text_similarity: " + model + ": its files are of different models, ";
  // A word less, a word more.
  const std::string less = vocabulary.substr(0, vocabulary.rfind('\n', vocabulary.size() - 2) + 1);
  for (const std::string& words : {less, vocabulary + "zebra\n"}) {
    write_file(model + "/vocabulary.txt", words);
    for (const std::string& command : {predict, "evaluate --model " + model + " --data " + data}) {
      CHECK(error(command).starts_with(start + "token_embedding/embeddings is ("));
    }
  }
  // As many words, in another order.
  const std::size_t last = less.size(), before = less.rfind('\n', last - 2) + 1;
  const std::string swapped = vocabulary.substr(0, before) + vocabulary.substr(last) +
                              vocabulary.substr(before, last - before);
  write_file(model + "/vocabulary.txt", swapped);
  CHECK(error(predict) ==
        start + "vocabulary.txt is not the one that was saved with settings.json\n");
  write_file(model + "/vocabulary.txt", vocabulary);
  write_file(model + "/weights.safetensors", content(other + "/weights.safetensors"));
  CHECK(error(predict) ==
        start + "weights.safetensors is not the one that was saved with settings.json\n");
  write_file(model + "/weights.safetensors", weights);
  CHECK(run(predict).status == 0);

  // A folder of before there were hashes: its sizes are looked at.
  std::string older = settings;
  older.erase(older.find(",\n  \"vocabulary_hash\""));
  write_file(model + "/settings.json", older + "\n}\n");
  CHECK(run(predict).status == 0);
  write_file(model + "/vocabulary.txt", less);
  CHECK(error(predict).starts_with(start + "token_embedding/embeddings is ("));
  write_file(model + "/vocabulary.txt", vocabulary);
  std::string deeper = older;
  deeper.replace(deeper.find("\"hidden_units\": 4"), 17, "\"hidden_units\": 5");
  write_file(model + "/settings.json", deeper + "\n}\n");
  CHECK(error(predict) == start + "hidden/bias is (4,), and settings.json needs (5,)\n");
  std::string negative = older;
  negative.replace(negative.find("\"max_length\": 64"), 16, "\"max_length\": -1");
  write_file(model + "/settings.json", negative + "\n}\n");
  CHECK(error(predict) == "text_similarity: " + model + "/settings.json: max_length must be at "
                          "least 0 and batch_size from 1 to 1000000000, got -1 and 16\n");

  // Weights that are no numbers give no scores.
  write_file(model + "/settings.json", older + "\n}\n");
  TensorFile tensors = read_safetensors(model + "/weights.safetensors");
  for (auto& [name, value] : tensors.tensors) {
    if (name == "score/bias") value = tensor({std::nan("")});
  }
  write_safetensors(model + "/weights.safetensors", tensors.tensors, tensors.metadata);
  const std::string nan =
      " is NaN or infinite; so are the model's weights, or they are far too large\n";
  CHECK(error(predict) == "text_similarity: predict: the score of pair 1" + nan);
  CHECK(error("evaluate --model " + model + " --data " + data) ==
        "text_similarity: evaluate: the score of pair 1" + nan);
  const std::string batch = folder.write("batch.tsv", "a cat\tthe dog\n");
  CHECK(run("predict --batch --model " + model, batch).output ==
        "text_similarity: standard input:1: the score of pair 1" + nan);
}

TEST_CASE("text_similarity says what is wrong in its own words, and writes where it can") {
  const TemporaryFolder folder;
  const std::string data = folder.write("pairs.csv", pairs());
  const std::string model = folder.file("model");
  const auto error = [&](const std::string& arguments) {
    const Result result = run(arguments);
    CHECK(result.status == 1);
    return result.output.substr(std::min(result.output.size(), result.output.rfind(": ") + 2));
  };
  CHECK(error("train --score-max 0.5 --data " + data + " --model " + model) ==
        "the score must be in [0, 0.5], got 1; --score-min and --score-max set the range\n");
  CHECK(error("train --score-max -1 --data " + data + " --model " + model) ==
        "--score-min must be below --score-max, got 0 and -1\n");
  CHECK(error("train --max-tokens 2 --data " + data + " --model " + model) ==
        "--max-tokens must be at least 3, with the two special tokens, or 0 for no limit, got 2\n");
  // No numbers, no model.
  std::string grades = pairs();
  for (std::size_t at; (at = grades.find(",1\n")) != grades.npos;) grades.replace(at, 2, ",0.5");
  const Result lost = run("train --learning-rate 1e30 --data " + folder.write("g.csv", grades) +
                          small + "--model " + model);
  CHECK(lost.status == 1);
  CHECK(lost.output.find("text_similarity: the loss became ") != std::string::npos);
  CHECK(lost.output.ends_with(" in epoch 1; a smaller --learning-rate may help\n"));
  CHECK_FALSE(std::filesystem::exists(model));

  REQUIRE(run("train --data " + data + small + "--model " + model).status == 0);
  if (std::filesystem::exists("/dev/full")) {
    const std::string batch = folder.write("batch.tsv", "a cat\tthe dog\n");
    for (const std::string& command :
         {"train --data " + data + small + "--model " + folder.file("never"),
          "evaluate --model " + model + " --data " + data, "predict --model " + model + " a b",
          "predict --batch --model " + model + " < " + batch}) {
      const Result result = run(command + " 2>&1 > /dev/full #");
      CHECK(result.status == 1);
      CHECK(result.output.starts_with("text_similarity: standard output: cannot be written"));
    }
    CHECK_FALSE(std::filesystem::exists(folder.file("never")));
  }
  const std::string word(3000, 'x');
  const Result shown = run("predict --model " + model + " " + word + " cat");
  CHECK(shown.status == 0);
  CHECK(shown.output.size() < 1000);
  CHECK(run("predict --batch --model " + model + " 2>&1 <&- #").output ==
        "text_similarity: standard input: cannot be read to its end\n");
  CHECK(run("predict --batch --model " + model + " < /dev/zero 2>&1 #").output ==
        "text_similarity: standard input:1: a line has at most 16777216 bytes, got more\n");
}

TEST_CASE("text_similarity goes on with a training that Ctrl-C stopped") {
  const TemporaryFolder folder;
  const std::string data = folder.write("pairs.csv", pairs());
  const std::string whole = folder.file("whole"), model = folder.file("model");
  const std::string options = "train --data " + data + " --depth 8 --filters 8 --hidden 4 "
                              "--batch-size 4 --epochs 40 --patience 40 --model ";
  REQUIRE(run(options + whole).status == 0);
  const std::string log = folder.file("log"), program = KINDLING_BIN_DIR + std::string("/") +
                                                        "text_similarity ";
  // With job control (set -m), or bash would let it ignore the signal.
  const std::string stop = "bash -c 'set -m; " + program + options + model + " > " + log +
                           " 2>&1 < /dev/null & pid=$!; while ! grep -q \"Epoch 3/\" " + log +
                           "; do sleep 0.01; done; kill -INT $pid; wait $pid; exit $?' " +
                           "2> /dev/null";
  CHECK(WEXITSTATUS(std::system(stop.c_str())) == 130);
  CHECK(content(log).ends_with(
      "text_similarity: stopped; the same command goes on from here, with the run in " + model +
      ".backup\n"));
  CHECK_FALSE(std::filesystem::exists(model));
  const Result other = run(options + model + " --seed 2");
  CHECK(other.status == 1);
  CHECK(other.output.find("its options or data were others") != std::string::npos);
  const Result resumed = run(options + model);
  INFO(resumed.output);
  CHECK(resumed.status == 0);
  CHECK(resumed.output.find("Going on with the run that is in " + model + ".backup\n") !=
        std::string::npos);
  CHECK(content(model + "/weights.safetensors") == content(whole + "/weights.safetensors"));
  CHECK_FALSE(std::filesystem::exists(model + ".backup"));
}
