// The same random state machines on OTP's gen_statem and on Troupe's must see the same events in the same states.
// TROUPE_SEED=<seed> runs one of them alone, TROUPE_NIGHTLY=1 ten thousand.
#include <gtest/gtest.h>

#include "tests/differential/erlang_oracle.hpp"
#include "tests/differential/statem_program.hpp"
#include "tests/seeds.hpp"

namespace troupe::differential {
namespace {

/// Erlang runs in real time: what only a busy machine has turned round is the same at another time.
constexpr int attempts_max = 3;
/// So many run side by side in one `erl`; their timers must not disturb each other.
constexpr std::size_t programs_at_once = 300;

struct Compared {
  Term program;
  std::vector<Term> here;
};

/// Those that differ; the last attempt's differences are failures.
std::vector<Compared> differing(const std::vector<Compared>& programs, bool last_attempt) {
  std::vector<Term> terms;
  for (const Compared& one : programs) {
    terms.push_back(one.program);
  }
  const auto on_otp = events_on_erlang("statem_interpreter", terms);
  if (!on_otp) {
    ADD_FAILURE() << on_otp.error().message;
    return {};
  }
  std::vector<Compared> left;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (programs[i].here != (*on_otp)[i]) {
      left.push_back(programs[i]);
      if (last_attempt) {
        ADD_FAILURE() << programs[i].program.text() << "\nOTP:\n"
                      << lines_of((*on_otp)[i]) << "Troupe:\n"
                      << lines_of(programs[i].here)
                      << "again: TROUPE_SEED=" << *(*programs[i].program.as_tuple())[0].as_integer()
                      << " differential_test";
        break;
      }
    }
  }
  return left;
}

TEST(StatemPrograms, show_the_same_on_otp_and_on_virtual_time) {
  const std::vector<std::uint64_t> seeds = test::seeds(300, 10'000);
  auto seed = seeds.begin();
  std::uint64_t compared = 0;
  while (seed != seeds.end() && !HasFailure()) {
    std::vector<Compared> programs;
    for (; seed != seeds.end() && programs.size() < programs_at_once; ++seed) {
      const Term program = generate_statem_program(*seed);
      StatemRun run = run_statem_program(program);
      if (run.comparable) {
        programs.push_back({program, std::move(run.events)});
      }
    }
    compared += programs.size();
    for (int attempt = 1; attempt <= attempts_max && !programs.empty(); ++attempt) {
      programs = differing(programs, attempt == attempts_max);
    }
  }
  EXPECT_GE(compared, seeds.size() / 4) << "most programs have timeouts too close to each other";
}

}  // namespace
}  // namespace troupe::differential
