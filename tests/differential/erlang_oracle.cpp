#include "tests/differential/erlang_oracle.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "worker/term/term_parse.hpp"

namespace troupe::differential {
namespace {

namespace fs = std::filesystem;

/// A folder of its own that goes when it is done.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "troupe_differential_XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) {
      path_ = name;
    }
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string contents(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

std::string lines_of(const std::vector<Term>& events) {
  std::string lines;
  for (const Term& event : events) {
    lines += "  " + event.text() + "\n";
  }
  return lines;
}

Result<std::vector<std::vector<Term>>> events_on_erlang(const std::string& interpreter,
                                                        const std::vector<Term>& programs) {
  const Folder folder;
  {
    std::ofstream file(folder.path() / "programs");
    for (const Term& program : programs) {
      file << program.text() << ".\n";
    }
  }
  const std::string command = "cd '" + folder.path().string() +
                              "' && erl +S 1:1 -pa '" TROUPE_DIFFERENTIAL_BEAMS "' -boot start_clean -noinput -eval '" +
                              interpreter + ":main(\"programs\", \"traces\"), halt(0).' > said 2>&1";
  if (std::system(command.c_str()) != 0) {
    return Error{ErrorCode::internal, "erl failed: " + contents(folder.path() / "said").substr(0, 2000)};
  }
  std::vector<std::vector<Term>> traces;
  std::ifstream file(folder.path() / "traces");
  for (std::string line; std::getline(file, line);) {
    const Result<Term> term = parse_term(line);
    if (!term) {
      return term.error();
    }
    const auto events = term->is_tagged("trace", 2) ? (*term->as_tuple())[1].as_list() : std::nullopt;
    if (!events) {
      return Error{ErrorCode::internal, interpreter + " wrote no trace: " + line};
    }
    traces.emplace_back(events->begin(), events->end());
  }
  if (traces.size() != programs.size()) {
    return Error{ErrorCode::internal, interpreter + " wrote " + std::to_string(traces.size()) + " traces for " +
                                          std::to_string(programs.size()) + " programs"};
  }
  return traces;
}

Result<std::vector<Trace>> run_on_erlang(const std::vector<Program>& programs) {
  std::vector<Term> terms;
  for (const Program& program : programs) {
    terms.push_back(to_term(program));
  }
  const auto events = events_on_erlang("interpreter", terms);
  if (!events) {
    return events.error();
  }
  std::vector<Trace> traces;
  for (const auto& of_one : *events) {
    Trace& trace = traces.emplace_back();
    for (const Term& event : of_one) {
      const auto parts = *event.as_tuple();
      trace.push_back({static_cast<std::size_t>(*parts[0].as_integer()), std::string(*parts[1].as_atom()), parts[2]});
    }
  }
  return traces;
}

}  // namespace troupe::differential
