#include <kindling/io/file.h>

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include <kindling/io/descriptor.h>
#include <kindling/io/json.h>
#include <kindling/tensor/fail.h>

namespace kindling {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

void sync_folder_of(const std::string& path) {
  Descriptor(folder_of(path), O_RDONLY | O_DIRECTORY).sync();
}

// The path without links, dots and a slash at its end: a rename would replace a link and not what
// it leads to. Only its last part may be missing.
std::string without_links(std::string path) {
  if (fs::exists(path)) return fs::canonical(path).string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const fs::path parent = fs::path(path).parent_path();
  return (fs::canonical(parent.empty() ? "." : parent) / fs::path(path).filename()).string();
}

constexpr std::string_view temporary_mark = ".tmp-", old_mark = ".old";

// Removes a file or an empty folder at the end, unless it is to be kept.
class Unfinished {
 public:
  explicit Unfinished(std::string name) : name_(std::move(name)) {}
  ~Unfinished() {
    if (!name_.empty() && ::unlink(name_.c_str()) != 0) ::rmdir(name_.c_str());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void keep() { name_.clear(); }

 private:
  std::string name_;
};

// Something new beside its target, under a name that nobody else uses. It is locked, so that others
// see that it isn't left over.
struct Temporary {
  std::string name;
  Descriptor opened;
};

// make(name) makes it, unless there is something of that name, and opens it.
template <class Make>
Temporary beside(const std::string& target, Make make) {
  static std::atomic<unsigned> next = 0;
  while (true) {
    const std::string name = fmt::format("{}{}{}-{}", target, temporary_mark, ::getpid(), next++);
    try {
      Descriptor made = make(name);
      Unfinished unfinished(name);
      made.lock(true);                   // waits for who just takes it for left over
      if (!made.is_at(name)) continue;   // and has removed it
      unfinished.keep();
      return {name, std::move(made)};
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::file_exists) throw;  // left by a process that was killed
    }
  }
}

Descriptor new_file(const std::string& name) {
  return Descriptor(name, O_WRONLY | O_CREAT | O_EXCL);
}

Descriptor new_folder(const std::string& name) {
  check_call(::mkdir(name.c_str(), 0777));
  Unfinished unfinished(name);
  try {
    Descriptor folder(name, O_RDONLY | O_DIRECTORY);
    unfinished.keep();
    return folder;
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory) throw;
    // Someone took it for left over: as if the name had been taken.
    throw std::system_error(std::make_error_code(std::errc::file_exists));
  }
}

void fill(const Descriptor& file, std::string_view bytes, const std::string& replaced) {
  file.take_permissions(replaced);
  file.write(bytes);
  file.sync();
}

[[noreturn]] void cannot_save(const std::string& path, const std::string& why) {
  fail("{}: cannot be saved, {}; what was there before is unchanged", path, why);
}

// The open file that /dev/stdout, /dev/stderr or /dev/fd/3 stands for, or -1. Such a link may lead
// to a plain file, which must not be replaced while others write to it.
int open_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  constexpr std::string_view folder = "/dev/fd/";
  int number = -1;
  if (!path.starts_with(folder)) return -1;
  const char* end = path.data() + path.size();
  const auto [stop, error] = std::from_chars(path.data() + folder.size(), end, number);
  return stop == end && error == std::errc() ? number : -1;
}

// Runs a part of saving to `path` that leaves what is there as it was if it fails.
template <class Part>
void saving(const std::string& path, Part part) {
  try {
    part();
  } catch (const fs::filesystem_error& error) {  // also says which folder it is about
    cannot_save(path, error.code().message() + " [" + error.path1().string() + "]");
  } catch (const std::system_error& error) {
    cannot_save(path, error.code().message());
  }
}

// The folder may hold no other files than these: they would be lost when it is replaced.
std::optional<std::string> other_than(const std::vector<std::string>& names,
                                      const std::string& folder) {
  for (const std::string& name : entries_of(folder)) {
    const bool known = std::ranges::find(names, name) != names.end();
    if (!known || fs::is_directory(folder + "/" + name)) return name;
  }
  return {};
}

void require_only(const std::vector<std::string>& names, const std::string& folder,
                  const std::string& path) {
  if (const std::optional<std::string> other = other_than(names, folder)) {
    cannot_save(path, "the folder there also holds " + in_quotes(*other) +
                          ", which is no part of what is saved");
  }
}

// Removes what a FolderWriter wrote, and nothing else: a folder that has got other files stays.
bool remove_folder(const std::string& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) ::unlink((folder + "/" + name).c_str());
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

// "model.tmp-12-3" and "model.tmp-12-3.old" for "model".
bool is_temporary_of(const std::string& target, std::string_view name) {
  const auto digits = [&] {
    const std::size_t end = std::min(name.find_first_not_of("0123456789"), name.size());
    name.remove_prefix(end);
    return end > 0;
  };
  const auto takes = [&](std::string_view text) {
    if (!name.starts_with(text)) return false;
    name.remove_prefix(text.size());
    return true;
  };
  return takes(fs::path(target).filename().string()) && takes(temporary_mark) && digits() &&
         takes("-") && digits() && (name.empty() || name == old_mark);
}

// Removes what runs that were killed left beside `target`, which has just been saved: files, or
// folders of no other files than `names`. Whoever still works on one has it locked.
void remove_left_over(const std::string& target, const std::vector<std::string>* names) {
  const std::string folder = folder_of(target);
  std::vector<std::string> names_there;
  try {
    names_there = entries_of(folder);
  } catch (const std::system_error&) {  // it can't be read
  }
  for (const std::string& name : names_there) {
    if (!is_temporary_of(target, name)) continue;
    const std::string path = folder + "/" + name;
    try {
      const Descriptor left(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
      const mode_t kind = left.status().st_mode;
      if (!left.lock(false)) continue;
      if (names == nullptr) {
        if (S_ISREG(kind)) ::unlink(path.c_str());
      } else if (S_ISDIR(kind) && !other_than(*names, path)) {
        remove_folder(path, *names);
      }
    } catch (const std::system_error&) {
      // It is gone by now, or not ours.
    }
  }
}

bool is_taken(int error) { return error == ENOTEMPTY || error == EEXIST; }

// Puts the new folder in the place of `target`, and returns where the old one is then, or "" if
// there was none. Others may save there at the same time.
std::string put_in_place(const std::string& fresh, const std::string& target,
                         const std::vector<std::string>& names) {
  const std::string aside = fresh + std::string(old_mark);
  while (true) {
    bool there = fs::exists(target);
    if (there) {
      try {
        if (exchange(fresh, target)) return fresh;
      } catch (const std::system_error& error) {
        if (error.code() != std::errc::no_such_file_or_directory) throw;
        there = false;
      }
    }
    if (there) check_call(::rename(target.c_str(), aside.c_str()));
    if (::rename(fresh.c_str(), target.c_str()) == 0) return there ? aside : "";
    const int reason = errno;
    if (is_taken(reason)) {
      if (there) remove_folder(aside, names);  // another's is newer
      continue;
    }
    if (there && ::rename(aside.c_str(), target.c_str()) != 0) {
      fail("{}: cannot be saved, {}; what was there before is now {}", target,
           std::generic_category().message(reason), aside);
    }
    errno = reason;
    fail_with_errno();
  }
}

// Takes that back: the new one at `fresh`, and `old` where it was.
void take_back(const std::string& fresh, const std::string& target, const std::string& old) {
  if (old == fresh && exchange(fresh, target)) return;
  check_call(::rename(target.c_str(), fresh.c_str()));
  if (!old.empty()) check_call(::rename(old.c_str(), target.c_str()));
}

// The last step of saving: makes the renaming itself last. If that fails, undo() takes it back; if
// that fails too, the old one stays where it is.
template <class Undo>
void sync_place(const std::string& target, const std::string& old, Undo undo) {
  try {
    sync_folder_of(target);
  } catch (const std::system_error& error) {
    try {
      undo();
    } catch (const std::system_error&) {
      fail("{}: is saved, but could be lost in a power cut, {}{}", target, error.code().message(),
           old.empty() ? "" : "; what was there before is now " + old);
    }
    throw;
  }
}

// The old file has a second name until that is done, where the file system knows such.
void replace_file(const std::string& fresh, const std::string& target) {
  const std::string aside = fresh + std::string(old_mark);
  const bool kept = ::link(target.c_str(), aside.c_str()) == 0;
  const bool is_new = !kept && errno == ENOENT;
  Unfinished second_name(kept ? aside : "");
  check_call(::rename(fresh.c_str(), target.c_str()));
  sync_place(target, kept ? aside : "", [&] {
    second_name.keep();
    if (!kept && !is_new) fail_with_errno();
    check_call(kept ? ::rename(aside.c_str(), target.c_str()) : ::unlink(target.c_str()));
  });
}

}  // namespace

void write_file(const std::string& path, std::string_view bytes) {
  std::string target;
  saving(path, [&] {
    const fs::file_status there = fs::status(path);
    if (fs::is_directory(there)) fail("{}: is a folder, a file is needed", path);
    if (const int open = open_descriptor(path); open >= 0) {
      // Its place in the file goes on from where it is.
      Descriptor(open).write(bytes);
      return;
    }
    if (fs::exists(there) && !fs::is_regular_file(there)) {
      Descriptor(path, O_WRONLY).write(bytes);
      return;
    }
    target = without_links(path);
    const Temporary fresh = beside(target, new_file);
    Unfinished unfinished(fresh.name);
    fill(fresh.opened, bytes, target);
    replace_file(fresh.name, target);
    unfinished.keep();
  });
  if (!target.empty()) remove_left_over(target, nullptr);
}

void check_can_write_file(const std::string& path) {
  saving(path, [&] {
    const fs::file_status there = fs::status(path);
    if (fs::is_directory(there)) fail("{}: is a folder, a file is needed", path);
    if (fs::exists(there) && !fs::is_regular_file(there)) return;
    const Unfinished unused(beside(without_links(path), new_file).name);
  });
}

void check_can_save_folder(const std::string& path, const std::vector<std::string>& names) {
  const FolderWriter unused(path);
  saving(path, [&] {
    const std::string target = without_links(path);
    if (fs::exists(target)) require_only(names, target, path);
  });
}

FolderWriter::FolderWriter(std::string path) : path_(std::move(path)) {
  if (path_.empty()) fail("a folder to save to needs a name, got \"\"");
  saving(path_, [&] {
    target_ = without_links(path_);
    if (fs::exists(target_) && !fs::is_directory(target_)) cannot_save(path_, "it is no folder");
    std::error_code missing;
    if (fs::equivalent(".", target_, missing)) {
      cannot_save(path_, "it is the folder that the program runs in, and a new one would take its "
                         "place");
    }
    Temporary fresh = beside(target_, new_folder);
    temporary_ = fresh.name;
    folder_ = std::make_shared<const Descriptor>(std::move(fresh.opened));
  });
}

FolderWriter::~FolderWriter() {
  try {
    if (!temporary_.empty()) remove_folder(temporary_, names_);
  } catch (const std::bad_alloc&) {  // the folder stays behind
  }
}

void FolderWriter::write(const std::string& name, std::string_view bytes) {
  if (temporary_.empty()) fail("FolderWriter: {} has been committed", path_);
  require_plain_name("FolderWriter", name);
  if (std::ranges::find(names_, name) != names_.end()) {
    fail("FolderWriter: {} is written twice", in_quotes(name));
  }
  names_.push_back(name);
  saving(path_, [&] {
    fill(new_file(temporary_ + "/" + name), bytes, target_ + "/" + name);
  });
}

void FolderWriter::commit() {
  if (temporary_.empty()) fail("FolderWriter: {} has been committed", path_);
  std::string old;
  saving(path_, [&] {
    if (fs::exists(target_)) require_only(names_, target_, path_);
    folder_->take_permissions(target_);
    folder_->sync();
    old = put_in_place(temporary_, target_, names_);
    const std::string fresh = std::exchange(temporary_, "");
    sync_place(target_, old, [&] {
      take_back(fresh, target_, old);
      temporary_ = fresh;
    });
  });
  if (!old.empty() && !remove_folder(old, names_)) {
    warn(fmt::format("{}: is saved, but the one before could not be removed [{}]", path_, old));
  }
  remove_left_over(target_, &names_);
}

}  // namespace kindling
