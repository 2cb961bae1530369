// The same random supervisors on OTP and on Troupe must start, restart and stop the same children in the same order,
// and give those who ask and change them the same answers. TROUPE_SEED=<seed> runs one of them alone, TROUPE_NIGHTLY=1
// ten thousand.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/differential/erlang_oracle.hpp"
#include "tests/differential/supervisor_program.hpp"
#include "tests/seeds.hpp"
#include "worker/term/term_parse.hpp"

namespace troupe::differential {
namespace {

/// Erlang runs in real time: what only a busy machine has turned round is the same at another time.
constexpr int attempts_max = 3;

struct Difference {
  Term program;
  std::vector<Term> on_otp;
  std::vector<Term> here;
};

std::vector<Difference> differences(const std::vector<Term>& programs) {
  const auto on_otp = events_on_erlang("supervisor_interpreter", programs);
  if (!on_otp) {
    ADD_FAILURE() << on_otp.error().message;
    return {};
  }
  std::vector<Difference> found;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    auto here = run_supervisor_program(programs[i]);
    if (supervision(here) != supervision((*on_otp)[i])) {
      found.push_back({programs[i], (*on_otp)[i], std::move(here)});
    }
  }
  return found;
}

TEST(SupervisorPrograms, show_the_same_on_otp_and_on_virtual_time) {
  std::vector<Term> programs;
  for (const std::uint64_t seed : test::seeds(300, 10'000)) {
    programs.push_back(generate_supervisor_program(seed));
  }
  std::vector<Difference> different;
  for (int attempt = 0; attempt < attempts_max && !programs.empty(); ++attempt) {
    different = differences(std::exchange(programs, {}));
    for (const Difference& one : different) {
      programs.push_back(one.program);
    }
  }
  if (!different.empty()) {
    const auto& smallest =
        *std::min_element(different.begin(), different.end(), [](const Difference& one, const Difference& two) {
          return one.program.text().size() < two.program.text().size();
        });
    FAIL() << different.size() << " differ; the smallest is\n"
           << smallest.program.text() << "\nOTP:\n"
           << lines_of(smallest.on_otp) << "Troupe:\n"
           << lines_of(smallest.here) << "again: TROUPE_SEED=" << (*smallest.program.as_tuple())[0].text()
           << " differential_test";
  }
}

std::string with(std::string text, std::string_view word, std::string_view other) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + other.size())) {
    text.replace(at, word.size(), other);
  }
  return text;
}

TEST(SupervisorPrograms, would_show_a_supervisor_that_takes_one_thing_for_another) {
  std::map<std::pair<std::string_view, std::string_view>, int> seen{
      {{"rest_for_one", "one_for_all"}, 0},        {{"transient", "permanent"}, 0},
      {{"any_significant", "all_significant"}, 0}, {{"brutal_kill", "5000"}, 0},
      {{"terminate_child", "which_children"}, 0},  {{"delete_child", "restart_child"}, 0}};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Term program = generate_supervisor_program(seed);
    const Supervision right = supervision(run_supervisor_program(program));
    for (auto& [words, times] : seen) {
      const auto mistaken = parse_term(with(program.text(), words.first, words.second));
      ASSERT_TRUE(mistaken.ok());
      times += supervision(run_supervisor_program(*mistaken)) == right ? 0 : 1;
    }
  }
  for (const auto& [words, times] : seen) {
    EXPECT_GE(times, 5) << words.second << " in place of " << words.first;
  }
}

TEST(SupervisorPrograms, bring_every_answer_and_every_end_that_there_is) {
  std::string all;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    all += lines_of(run_supervisor_program(generate_supervisor_program(seed)));
  }
  for (const char* const wanted : {"{reply,ok}",
                                   "{reply,gone}",
                                   "{reply,{ok,undefined}}",
                                   "{reply,{error,not_today}}",
                                   "{reply,{error,not_found}}",
                                   "{reply,{error,running}}",
                                   "{reply,{error,restarting}}",
                                   "{reply,{error,already_present}}",
                                   "{reply,{error,{already_started,",
                                   "{reply,{error,simple_one_for_one}}",
                                   "{reply,{error,{bad_combination,",
                                   "{reply,{error,{shutdown,{failed_to_start_child,",
                                   "{start_error,{shutdown,{failed_to_start_child,",
                                   ",undefined,worker",
                                   ",supervisor,dynamic}",
                                   "{specs,1},{active,0}",
                                   ",killed}}",
                                   ",boom}}",
                                   ",ignore}}",
                                   ",error}}"}) {
    EXPECT_NE(all.find(wanted), std::string::npos) << wanted;
  }
}

}  // namespace
}  // namespace troupe::differential
