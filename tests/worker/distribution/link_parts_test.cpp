// The small pure parts of a link: framing, ticks, net_kernel.
#include <gtest/gtest.h>

#include "troupe/node_name.hpp"
#include "worker/distribution/frame_reader.hpp"
#include "worker/distribution/net_kernel.hpp"
#include "worker/distribution/tick.hpp"
#include "worker/distribution/wire.hpp"

namespace troupe::distribution {
namespace {

Bytes bytes(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) {
    out.push_back(static_cast<std::byte>(value));
  }
  return out;
}

TEST(FrameReader, finds_the_same_frames_however_the_stream_is_cut) {
  const Bytes stream = bytes({0, 2, 'a', 'b', 0, 0, 0, 1, 'c'});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader(2, 100);
    std::vector<Bytes> frames;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.append(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      while (const auto frame = reader.next().value()) {
        frames.emplace_back(frame->begin(), frame->end());
      }
    }
    EXPECT_EQ(frames, (std::vector<Bytes>{bytes({'a', 'b'}), {}, bytes({'c'})})) << piece;
  }
}

TEST(FrameReader, a_large_frame_takes_memory_as_it_arrives_and_gives_it_back) {
  constexpr std::size_t size = 64 * 1024 * 1024;
  const Bytes piece(64 * 1024, std::byte{7});
  FrameReader reader(4, 2 * size);
  const Bytes length = bytes({4, 0, 0, 0});
  reader.append(length);
  EXPECT_FALSE(reader.next().value().has_value());
  EXPECT_LT(reader.memory(), 1'024U) << "a length is only a promise";
  std::size_t growths = 0;
  std::size_t memory = reader.memory();
  for (std::size_t read = piece.size(); read < size; read += piece.size()) {
    reader.append(piece);
    ASSERT_FALSE(reader.next().value().has_value());
    growths += reader.memory() != memory ? 1 : 0;
    memory = reader.memory();
  }
  EXPECT_LT(growths, 20U) << "growing by pieces would copy the frame for each of them";
  EXPECT_LE(memory, size + 4);
  reader.append(piece);
  EXPECT_EQ(reader.next().value()->size(), size);
  EXPECT_FALSE(reader.next().value().has_value());
  EXPECT_LT(reader.memory(), 1024U * 1024);
}

TEST(FrameReader, whole_frames_are_not_copied) {
  const Bytes stream = bytes({0, 1, 'a', 0, 2, 'b', 'c', 0, 3, 'd'});
  FrameReader reader(2, 10);
  reader.append(stream);
  EXPECT_EQ(reader.next().value()->data(), stream.data() + 2);
  EXPECT_EQ(reader.next().value()->data(), stream.data() + 5);
  EXPECT_FALSE(reader.next().value().has_value());
}

TEST(FrameReader, a_frame_that_is_too_long_is_an_error_at_its_length) {
  FrameReader reader(4, 10);
  const Bytes length = bytes({0, 0, 0, 11});
  reader.append(length);
  EXPECT_EQ(reader.next().error().code, ErrorCode::limit_exceeded);
}

TEST(FrameReader, switching_the_length_size_keeps_what_was_read_ahead) {
  FrameReader reader(2, 10);
  const Bytes stream = bytes({0, 1, 'x', 0, 0, 0, 1, 'y'});
  reader.append(stream);
  EXPECT_EQ((*reader.next().value())[0], std::byte{'x'});
  reader.switch_to(4, 10);
  EXPECT_EQ((*reader.next().value())[0], std::byte{'y'});
}

TEST(FieldReader, gives_nothing_more_after_a_field_that_is_cut_short) {
  const Bytes bytes(3);
  FieldReader number_first(bytes);
  EXPECT_FALSE(number_first.take<std::uint64_t>().has_value());
  EXPECT_FALSE(number_first.take<std::uint8_t>().has_value()) << "else a check of the last field misses the first";
  FieldReader bytes_first(bytes);
  EXPECT_FALSE(bytes_first.take_bytes(4).has_value());
  EXPECT_FALSE(bytes_first.take<std::uint8_t>().has_value());
  EXPECT_TRUE(bytes_first.rest().empty());
}

TEST(Tick, is_sent_after_a_quarter_without_output) {
  TickState tick;
  EXPECT_EQ(tick.on_quarter(10, 10), TickState::Action::nothing);
  EXPECT_EQ(tick.on_quarter(20, 10), TickState::Action::send_tick);
  EXPECT_EQ(tick.on_quarter(30, 14), TickState::Action::nothing);
}

TEST(Tick, a_peer_is_given_up_after_four_quarters_without_input) {
  TickState tick;
  EXPECT_EQ(tick.on_quarter(10, 1), TickState::Action::nothing);
  for (int quarter = 1; quarter < 4; ++quarter) {
    EXPECT_NE(tick.on_quarter(10, 1), TickState::Action::peer_is_silent);
  }
  EXPECT_EQ(tick.on_quarter(10, 1), TickState::Action::peer_is_silent);
}

RemoteSignal call(Term tag) {
  RemoteSignal signal;
  signal.kind = RemoteSignal::Kind::send_name;
  signal.to_name = "net_kernel";
  const Pid caller{intern_node_name("caller@10.0.0.5").value(), 1, 2, 3};
  signal.payload = Term::tuple({Term::atom("$gen_call"), Term::tuple({Term::pid(caller), std::move(tag)}),
                                Term::tuple({Term::atom("is_auth"), Term::atom("caller@10.0.0.5")})});
  return signal;
}

TEST(NetKernel, answers_is_auth_to_the_pid_when_the_tag_is_a_reference) {
  const Term tag = Term::reference({0, 0, 3, {1, 2, 3}});
  const auto answer = net_kernel_answer(call(tag));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->kind, RemoteSignal::Kind::send);
  EXPECT_EQ(answer->payload, Term::tuple({tag, Term::atom("yes")}));
}

TEST(NetKernel, answers_to_the_alias_when_the_tag_has_one) {
  const Reference reference{0, 0, 3, {1, 2, 3}};
  const Term tag = Term::improper_list({Term::atom("alias")}, Term::reference(reference));
  for (const Term& each : {tag, Term::improper_list({tag}, Term::atom("request"))}) {
    const auto answer = net_kernel_answer(call(each));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->kind, RemoteSignal::Kind::send_alias);
    EXPECT_EQ(answer->reference, reference);
    EXPECT_EQ((*answer->payload.as_tuple())[0], each);
  }
}

TEST(NetKernel, leaves_everything_else_unanswered) {
  RemoteSignal other = call(Term());
  other.payload = Term::atom("hello");
  EXPECT_TRUE(is_for_net_kernel(other));
  EXPECT_FALSE(net_kernel_answer(other).has_value());
  other.to_name = "somebody";
  EXPECT_FALSE(is_for_net_kernel(other));
}

}  // namespace
}  // namespace troupe::distribution
