#include "tests/worker/term/erlang.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace troupe::test {

std::string erlang_eval(const std::string& expression) {
  std::array<char, 40> path{};
  std::snprintf(path.data(), path.size(), "/tmp/troupe_eval_XXXXXX");
  const int file = mkstemp(path.data());
  EXPECT_GE(file, 0);
  close(file);
  // escript takes the first line of a file for "#!".
  std::ofstream(path.data()) << "#!/usr/bin/env escript\n-mode(compile).\nmain(_) -> io:put_chars(" << expression
                             << ").\n";
  const std::string command = std::string("escript ") + path.data() + " 2>&1";
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; pipe != nullptr && (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    out.append(buffer.data(), got);
  }
  if (pipe != nullptr) {
    EXPECT_EQ(pclose(pipe), 0) << out;
  }
  std::remove(path.data());
  return out;
}

}  // namespace troupe::test
