// The calls by which files are changed, as the tests want them: on a file system without exchange,
// with something that happens at the last moment, or with calls that fail as on a disk that breaks.
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include <kindling/io/file.h>

#include "tests/catch.h"

struct FileCalls {
  bool no_exchange = false, no_sync = false;
  std::function<void()> before_exchange, before_rename;  // the latter once
  std::atomic<int> count = 0, failing = 0;  // the call of this number fails, if it is not 0,
  bool all_fail = false;                    // and those after it
};
extern FileCalls file_calls;

// No file may grow beyond `bytes` while this lives: a disk that gets full.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

using Names = std::set<std::string>;

inline Names names_in(const std::string& folder) {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

inline void save_pair(const std::string& folder, const std::string& weights,
                      const std::string& config) {
  kindling::FolderWriter writer(folder);
  writer.write("weights", weights);
  writer.write("config", config);
  writer.commit();
}
