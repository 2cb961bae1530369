// The same random supervisors on OTP and on Troupe must start, restart and stop the same children in the same order.
// TROUPE_SEED=<seed> runs one of them alone, TROUPE_NIGHTLY=1 ten thousand.
#include <gtest/gtest.h>

#include "tests/differential/erlang_oracle.hpp"
#include "tests/differential/supervisor_program.hpp"
#include "tests/seeds.hpp"

namespace troupe::differential {
namespace {

std::string text(const std::vector<Term>& events) {
  std::string lines;
  for (const Term& event : events) {
    lines += "  " + event.text() + "\n";
  }
  return lines;
}

TEST(SupervisorPrograms, show_the_same_on_otp_and_on_virtual_time) {
  std::vector<Term> programs;
  const std::vector<std::uint64_t> seeds = test::seeds(300, 10'000);
  for (const std::uint64_t seed : seeds) {
    programs.push_back(generate_supervisor_program(seed));
  }
  const auto on_otp = events_on_erlang("supervisor_interpreter", programs);
  ASSERT_TRUE(on_otp.ok()) << on_otp.error().message;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const auto here = run_supervisor_program(programs[i]);
    ASSERT_TRUE(supervision(here) == supervision((*on_otp)[i]))
        << programs[i].text() << "\nOTP:\n"
        << text((*on_otp)[i]) << "Troupe:\n"
        << text(here) << "again: TROUPE_SEED=" << seeds[i] << " differential_test";
  }
}

}  // namespace
}  // namespace troupe::differential
