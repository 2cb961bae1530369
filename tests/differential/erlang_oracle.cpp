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

Result<Trace> trace_of(const Term& result) {
  const auto events = result.is_tagged("trace", 2) ? (*result.as_tuple())[1].as_list() : std::nullopt;
  if (!events) {
    return Error{ErrorCode::internal, "interpreter.erl wrote no trace: " + result.text()};
  }
  Trace trace;
  for (const Term& event : *events) {
    const auto parts = *event.as_tuple();
    trace.push_back({static_cast<std::size_t>(*parts[0].as_integer()), std::string(*parts[1].as_atom()), parts[2]});
  }
  return trace;
}

}  // namespace

Result<std::vector<Trace>> run_on_erlang(const std::vector<Program>& programs) {
  const Folder folder;
  const std::string in = (folder.path() / "programs").string();
  const std::string out = (folder.path() / "traces").string();
  const std::string said = (folder.path() / "said").string();
  {
    std::ofstream file(in);
    for (const Program& program : programs) {
      file << to_term(program).text() << ".\n";
    }
  }
  const std::string command =
      "cd '" + folder.path().string() +
      "' && erl +S 1:1 -pa '" TROUPE_DIFFERENTIAL_BEAMS
      "' -boot start_clean -noinput -eval 'interpreter:main(\"programs\", \"traces\"), halt(0).' "
      "> said 2>&1";
  if (std::system(command.c_str()) != 0) {
    return Error{ErrorCode::internal, "erl failed on " + in + ": " + contents(said).substr(0, 2000)};
  }
  std::vector<Trace> traces;
  std::ifstream file(out);
  for (std::string line; std::getline(file, line);) {
    const Result<Term> term = parse_term(line);
    if (!term) {
      return term.error();
    }
    Result<Trace> trace = trace_of(*term);
    if (!trace) {
      return trace.error();
    }
    traces.push_back(std::move(*trace));
  }
  if (traces.size() != programs.size()) {
    return Error{ErrorCode::internal, "interpreter.erl wrote " + std::to_string(traces.size()) + " traces for " +
                                          std::to_string(programs.size()) + " programs"};
  }
  return traces;
}

}  // namespace troupe::differential
