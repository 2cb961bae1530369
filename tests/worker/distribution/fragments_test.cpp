// Large messages on a link: how the output queue cuts and orders them, and how the other side puts them together.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "tests/worker/term/term_generator.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/fragment_assembly.hpp"
#include "worker/distribution/frame_reader.hpp"
#include "worker/distribution/output_queue.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

using TakenOutcome = FragmentAssembly::Taken::Outcome;

const NodeIdentity sending_node{"here@10.0.0.1", 5};
const NodeIdentity receiving_node{"there@10.0.0.2", 9};

Pid sender(std::uint32_t id) { return {0, 0, id, 1}; }

/// A message of `sender` that carries who sent it, which it is and `bytes` more.
RemoteSignal message(std::uint32_t from, std::int64_t number, std::size_t bytes) {
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::send_name;
  signal.from = sender(from);
  signal.to_name = "box";
  signal.payload = Term::tuple({Term::integer(number), Term::binary(std::string(bytes, static_cast<char>(number)))});
  return signal;
}

std::int64_t number_of(const RemoteSignal& signal) { return (*signal.payload.as_tuple())[0].as_integer().value(); }

struct Sender {
  explicit Sender(std::size_t fragment_bytes = 1'000, Flags agreed = supported)
      : flags(agreed), queue((agreed & fragments) != 0, fragment_bytes) {}
  void push(const RemoteSignal& signal) {
    queue.push(encode_signal(signal, flags, sending_node), signal.from, is_message(signal.kind));
  }
  /// Everything that waits, as the peer's frames.
  std::vector<Bytes> frames() {
    std::vector<Bytes> all;
    while (!queue.empty()) {
      cut(queue.take(), all);
    }
    return all;
  }
  static void cut(const Bytes& bytes, std::vector<Bytes>& frames) {
    FrameReader reader(4, UINT32_MAX);
    reader.append(bytes);
    while (const auto frame = reader.next().value()) {
      frames.emplace_back(frame->begin(), frame->end());
    }
    EXPECT_EQ(reader.memory(), 0U) << "only whole frames leave the queue";
  }
  Flags flags;
  OutputQueue queue;
};

struct Receiver {
  explicit Receiver(AssemblyLimits limits = {}) : assembly(limits) {}
  /// False once the link would have ended.
  bool read(ByteView frame) {
    const auto taken = assembly.take(frame);
    if (taken.outcome == TakenOutcome::failed) {
      failure = taken.failure;
      return false;
    }
    if (taken.outcome == TakenOutcome::whole) {
      auto decoded = decode_message(taken.message, intern_node_name(sending_node.name).value(), receiving_node);
      EXPECT_TRUE(decoded.ok()) << decoded.error().message;
      signals.push_back(std::get<RemoteSignal>(std::move(decoded).value()));
    }
    return true;
  }
  FragmentAssembly assembly;
  std::vector<RemoteSignal> signals;
  std::optional<LinkEnd> failure;
};

std::vector<std::int64_t> numbers_of(const std::vector<RemoteSignal>& signals) {
  std::vector<std::int64_t> numbers;
  for (const RemoteSignal& signal : signals) {
    numbers.push_back(number_of(signal));
  }
  return numbers;
}

TEST(OutputQueue, a_large_message_is_cut_as_erlang_cuts_it) {
  Sender from(OutputQueue::otp_fragment_bytes);
  from.push(message(1, 0, 200'000));
  const std::vector<Bytes> frames = from.frames();
  ASSERT_EQ(frames.size(), 4U);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    FieldReader reader(frames[i]);
    EXPECT_EQ(reader.take<std::uint8_t>(), 131);
    EXPECT_EQ(reader.take<std::uint8_t>(), i == 0 ? 69 : 70);
    EXPECT_EQ(reader.take<std::uint64_t>(), 1U);
    EXPECT_EQ(reader.take<std::uint64_t>(), 4 - i) << "ids count down to 1";
    EXPECT_EQ(frames[i].size(), i == 0 ? 65'555 : i == 3 ? frames[3].size() : 65'554);
  }
}

TEST(OutputQueue, the_control_message_is_whole_in_the_first_fragment) {
  Sender from(16);
  RemoteSignal signal = message(1, 7, 100);
  signal.to_name = std::string(200, 'n');
  from.push(signal);
  const std::vector<Bytes> frames = from.frames();
  ByteView first = ByteView(frames.at(0)).subspan(19);
  EXPECT_TRUE(decode_leading_term(first, {}, receiving_node, false).ok());
  Receiver to;
  for (const Bytes& frame : frames) {
    ASSERT_TRUE(to.read(frame));
  }
  ASSERT_EQ(to.signals.size(), 1U);
  EXPECT_EQ(to.signals[0].to_name, signal.to_name);
  EXPECT_EQ(to.signals[0].payload, signal.payload);
}

TEST(OutputQueue, small_messages_pass_the_large_ones_of_others_but_not_of_their_sender) {
  Sender from;
  from.push(message(1, 1, 20'000));
  from.push(message(2, 2, 10));
  from.push(message(1, 3, 10));
  Receiver to;
  for (const Bytes& frame : from.frames()) {
    ASSERT_TRUE(to.read(frame));
  }
  EXPECT_EQ(numbers_of(to.signals), (std::vector<std::int64_t>{2, 1, 3}));
}

TEST(OutputQueue, a_large_message_does_not_pass_the_small_ones_before_it) {
  Sender from;
  for (std::int64_t i = 0; i < 200; ++i) {
    from.push(message(1, i, 100));
  }
  from.push(message(1, 200, 1'500));
  Receiver to;
  for (const Bytes& frame : from.frames()) {
    ASSERT_TRUE(to.read(frame));
  }
  const auto numbers = numbers_of(to.signals);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST(OutputQueue, large_messages_of_several_senders_take_turns_and_a_flood_of_small_ones_does_not_starve_them) {
  Sender from;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    from.push(message(i, i, 10'000));
  }
  // The small lane never runs dry.
  std::vector<Bytes> frames;
  std::size_t flood = 0;
  while (from.queue.bytes(Lane::large) > 0) {
    ASSERT_LT(++flood, 1'000U);
    for (int i = 0; i < 20; ++i) {
      from.push(message(9, 9, 100));
    }
    Sender::cut(from.queue.take(), frames);
  }
  std::vector<std::uint64_t> series;
  for (const Bytes& frame : frames) {
    FieldReader reader(frame);
    if (*reader.take<std::uint16_t>() != 131 * 256 + 68) {
      series.push_back(reader.take<std::uint64_t>().value());
    }
  }
  ASSERT_EQ(series.size(), 33U);
  for (std::size_t i = 0; i < series.size(); ++i) {
    EXPECT_EQ(series[i], 1 + i % 3);
  }
}

TEST(OutputQueue, a_peer_without_fragments_gets_large_messages_whole_and_others_pass_before) {
  Sender from(1'000, supported & ~fragments);
  from.push(message(1, 1, 20'000));
  from.push(message(1, 3, 10));
  from.push(message(2, 2, 10));
  std::vector<std::int64_t> numbers;
  for (const Bytes& frame : from.frames()) {
    auto decoded = decode_frame(frame, intern_node_name(sending_node.name).value(), receiving_node);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    numbers.push_back(number_of(std::get<RemoteSignal>(*decoded)));
  }
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{2, 1, 3}));
}

TEST(OutputQueue, counts_what_waits_by_lane_and_signals_apart) {
  Sender from;
  RemoteSignal link = message(1, 0, 0);
  link.kind = RemoteSignal::Kind::link;
  link.to = Pid{1, 1, 1, 1};
  from.push(message(2, 2, 50));
  const std::size_t one_message = from.queue.bytes(Lane::small);
  EXPECT_EQ(from.queue.signal_bytes(), 0U);
  from.push(message(1, 1, 5'000));
  EXPECT_GT(from.queue.bytes(Lane::large), 5'000U);
  from.push(link);
  EXPECT_EQ(from.queue.bytes(Lane::small), one_message) << "the link waits behind the message of its sender";
  EXPECT_EQ(from.queue.signal_bytes(), encode_signal(link, supported, sending_node).frame.size());
  (void)from.frames();
  EXPECT_EQ(from.queue.bytes(Lane::small) + from.queue.bytes(Lane::large) + from.queue.signal_bytes(), 0U);
}

Bytes fragment(std::uint8_t kind, std::uint64_t series, std::uint64_t id, std::size_t bytes) {
  Bytes frame;
  append_big_endian(frame, std::uint8_t{131});
  append_big_endian(frame, kind);
  append_big_endian(frame, series);
  append_big_endian(frame, id);
  if (kind == 69) {
    append_big_endian(frame, std::uint8_t{0});
  }
  frame.resize(frame.size() + bytes);
  return frame;
}

std::optional<LinkEnd> failure_after(AssemblyLimits limits, const std::vector<Bytes>& frames) {
  FragmentAssembly assembly(limits);
  for (const Bytes& frame : frames) {
    if (const auto taken = assembly.take(frame); taken.outcome == TakenOutcome::failed) {
      EXPECT_FALSE(taken.detail.empty());
      return taken.failure;
    }
  }
  return std::nullopt;
}

TEST(FragmentAssembly, what_is_out_of_order_is_named) {
  const auto out_of_order = LinkEnd::fragments_out_of_order;
  EXPECT_EQ(failure_after({}, {fragment(69, 1, 3, 9), fragment(70, 1, 1, 9)}), out_of_order) << "skipped";
  EXPECT_EQ(failure_after({}, {fragment(69, 1, 3, 9), fragment(70, 1, 3, 9)}), out_of_order) << "repeated";
  EXPECT_EQ(failure_after({}, {fragment(69, 1, 3, 9), fragment(69, 1, 3, 9)}), out_of_order) << "begun twice";
  EXPECT_EQ(failure_after({}, {fragment(70, 1, 1, 9)}), out_of_order) << "never begun";
  EXPECT_EQ(failure_after({}, {fragment(69, 1, 2, 9), fragment(70, 1, 1, 9), fragment(70, 1, 1, 9)}), out_of_order)
      << "after the last";
}

TEST(FragmentAssembly, what_is_malformed_is_named) {
  const auto malformed = LinkEnd::protocol_error;
  EXPECT_EQ(failure_after({}, {Bytes{std::byte{112}, std::byte{131}, std::byte{106}}}), malformed)
      << "the form without headers, as Erlang refuses it";
  EXPECT_EQ(failure_after({}, {Bytes{std::byte{131}}}), malformed);
  EXPECT_EQ(failure_after({}, {Bytes{std::byte{131}, std::byte{68}}}), malformed);
  EXPECT_EQ(failure_after({}, {Bytes{std::byte{131}, std::byte{68}, std::byte{1}, std::byte{0}}}), malformed);
  EXPECT_EQ(failure_after({}, {Bytes{std::byte{131}, std::byte{80}, std::byte{0}}}), malformed);
  EXPECT_EQ(failure_after({}, {fragment(69, 1, 0, 9)}), malformed) << "an id of 0";
  Bytes cut = fragment(69, 1, 2, 0);
  cut.resize(12);
  EXPECT_EQ(failure_after({}, {cut}), malformed);
}

TEST(FragmentAssembly, bytes_of_a_message_of_a_link_and_open_messages_are_bounded) {
  const AssemblyLimits limits{.message_bytes_max = 100, .bytes_max = 150, .series_max = 3};
  const auto too_large = LinkEnd::fragments_too_large;
  EXPECT_EQ(failure_after(limits, {fragment(69, 1, 3, 60), fragment(70, 1, 2, 60)}), too_large);
  EXPECT_EQ(failure_after(limits, {fragment(69, 1, 3, 90), fragment(69, 2, 2, 61)}), too_large);
  EXPECT_EQ(failure_after(limits, {fragment(69, 1, UINT64_MAX, 1)}), too_large) << "more fragments than bytes may be";
  EXPECT_EQ(failure_after(limits, {fragment(69, 1, 2, 1), fragment(69, 2, 2, 1), fragment(69, 3, 2, 1)}), std::nullopt);
  EXPECT_EQ(failure_after(limits,
                          {fragment(69, 1, 2, 1), fragment(69, 2, 2, 1), fragment(69, 3, 2, 1), fragment(69, 4, 2, 1)}),
            LinkEnd::too_many_fragment_series);
}

TEST(FragmentAssembly, finished_messages_leave_nothing_behind) {
  FragmentAssembly assembly({.message_bytes_max = 100, .bytes_max = 100, .series_max = 1});
  for (std::uint64_t series = 0; series < 50; ++series) {
    EXPECT_EQ(assembly.take(fragment(69, series, 2, 50)).outcome, TakenOutcome::more);
    EXPECT_EQ(assembly.bytes(), 50U);
    const auto taken = assembly.take(fragment(70, series, 1, 50));
    ASSERT_EQ(taken.outcome, TakenOutcome::whole);
    EXPECT_EQ(taken.message.size(), 100U);
    EXPECT_EQ(assembly.bytes() + assembly.series(), 0U);
  }
}

TEST(FragmentAssembly, a_message_in_one_fragment_is_whole) {
  FragmentAssembly assembly({});
  EXPECT_EQ(assembly.take(fragment(69, 1, 1, 5)).message.size(), 5U);
  EXPECT_EQ(assembly.series(), 0U);
}

/// What one step of a property does: the queue is pushed to and taken from in any order.
struct Step {
  std::uint32_t from;
  std::size_t bytes;
  std::size_t takes;
};

TEST(FragmentProperties, messages_of_any_size_cut_anywhere_arrive_whole_and_in_order_of_each_sender) {
  test::check_property([](std::uint8_t fragment_bytes) {
    const auto steps = *rc::gen::container<std::vector<Step>>(
        rc::gen::construct<Step>(rc::gen::inRange<std::uint32_t>(1, 5),
                                 rc::gen::oneOf(rc::gen::just<std::size_t>(0), rc::gen::inRange<std::size_t>(0, 2'000)),
                                 rc::gen::weightedElement<std::size_t>({{6, 0}, {1, 1}, {1, 10}})));
    // Small enough that most are cut, large enough that small ones are not.
    Sender from(100 + fragment_bytes);
    Receiver to;
    std::map<std::uint32_t, std::vector<RemoteSignal>> sent;
    std::vector<Bytes> frames;
    std::int64_t number = 0;
    for (const Step& step : steps) {
      sent[step.from].push_back(message(step.from, ++number, step.bytes));
      from.push(sent[step.from].back());
      for (std::size_t i = 0; i < step.takes; ++i) {
        Sender::cut(from.queue.take(), frames);
      }
    }
    for (Bytes& rest : from.frames()) {
      frames.push_back(std::move(rest));
    }
    for (const Bytes& frame : frames) {
      RC_ASSERT(to.read(frame));
    }
    std::map<std::uint32_t, std::vector<RemoteSignal>> got;
    for (const RemoteSignal& signal : to.signals) {
      got[signal.from.id].push_back(signal);
    }
    RC_ASSERT(got.size() == sent.size());
    for (const auto& [id, signals] : sent) {
      RC_ASSERT(numbers_of(got[id]) == numbers_of(signals));
      for (std::size_t i = 0; i < signals.size(); ++i) {
        RC_ASSERT(got[id][i].payload == signals[i].payload);
      }
    }
    RC_ASSERT(to.assembly.bytes() + to.assembly.series() == 0U);
    RC_ASSERT(from.queue.bytes(Lane::small) + from.queue.bytes(Lane::large) == 0U);
  });
}

TEST(FragmentProperties, fragments_of_other_senders_in_any_lawful_order_come_back_whole) {
  test::check_property([](const std::vector<Term>& terms) {
    // Each message alone, cut by a size of its own; then their frames interleaved at random.
    std::vector<std::vector<Bytes>> streams;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      RemoteSignal signal = message(static_cast<std::uint32_t>(i + 1), 0, 0);
      signal.payload = terms[i];
      Sender from(*rc::gen::inRange<std::size_t>(1, 50));
      from.push(signal);
      streams.push_back(from.frames());
      for (Bytes& frame : streams.back()) {
        if (frame[1] != std::byte{68}) {
          frame[9] = static_cast<std::byte>(i);  // The queues number their messages alike.
        }
      }
    }
    Receiver to;
    while (!streams.empty()) {
      const auto at = *rc::gen::inRange<std::size_t>(0, streams.size());
      RC_ASSERT(to.read(streams[at].front()));
      streams[at].erase(streams[at].begin());
      if (streams[at].empty()) {
        streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    RC_ASSERT(to.signals.size() == terms.size());
    for (const RemoteSignal& signal : to.signals) {
      RemoteSignal sent = message(signal.from.id, 0, 0);
      sent.payload = terms.at(signal.from.id - 1);
      // Pids and references of `sending_node` are seen from `receiving_node`.
      const Bytes uncut = encode_signal(sent, supported & ~fragments, sending_node).frame;
      auto expected =
          decode_frame(ByteView(uncut).subspan(4), intern_node_name(sending_node.name).value(), receiving_node);
      RC_ASSERT(signal.payload == std::get<RemoteSignal>(*expected).payload);
    }
  });
}

}  // namespace
}  // namespace troupe::distribution
