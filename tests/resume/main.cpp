// resume_run FOLDER [N]: trains a little and writes everything that a run can write into FOLDER,
// and prints how often it changed files. With N it ends as if killed at the N-th change. The test
// of BackupAndRestore starts it again after that.
#include <kindling/kindling.h>

#include <cstdio>
#include <cstdlib>

#include "tests/resume/change.h"
#include "tests/train/net.h"

using namespace kindling;

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  if (argc == 3) die_at_change(std::atol(argv[2]));
  const std::string folder = std::string(argv[1]) + "/";
  set_random_seed(7);
  register_layer<Net>();
  const Tensor x = random_normal({400, 6}), noise = random_normal({400, 1});
  Tensor y = Tensor::empty({400, 1});
  for (std::size_t i = 0; i < 400; ++i) {
    y.mutable_floats()[i] = x.floats()[6 * i] * x.floats()[6 * i + 1] + noise.floats()[i] > 0;
  }
  Model model(Net({.units = 24}));
  model.compile({.optimizer = Adam({.learning_rate = 0.01, .clipnorm = 1}),
                 .loss = BinaryCrossentropy(),
                 .metrics = {AUC(), BinaryAccuracy()}});
  model.fit({x}, y,
            {.batch_size = 8,
             .epochs = 8,
             .verbose = Verbose::silent,
             .callbacks = {ReduceLROnPlateau({.factor = 0.5, .patience = 1}),
                           EarlyStopping({.patience = 6, .restore_best_weights = true}),
                           CSVLogger({.filename = folder + "log.csv"}),
                           ModelCheckpoint({.filepath = folder + "epoch-{epoch}-{val_loss:.3f}",
                                            .keep = 2}),
                           BackupAndRestore({.backup_dir = folder + "backup", .save_freq = 3})},
             .validation_split = 0.2,
             .class_weight = {{0, 1.0}, {1, 1.5}}});
  model.save(folder + "model");
  std::printf("%ld\n", changes_of_files());
}
