#include "worker/distribution/control_message.hpp"

#include <gtest/gtest.h>

#include "tests/worker/term/term_generator.hpp"
#include "troupe/node_name.hpp"
#include "worker/distribution/control_codes.hpp"

namespace troupe::distribution {
namespace {

using Kind = RemoteSignal::Kind;

const NodeIdentity here{"here@10.0.0.1", 5};
const NodeIdentity there{"there@10.0.0.2", 6};

NodeIndex index_of(const NodeIdentity& node) { return intern_node_name(node.name).value(); }
/// A process of `there` as seen from `here`.
Pid far() { return {index_of(there), there.creation, 7, 8}; }
Pid near() { return {0, 0, 3, 4}; }

RemoteSignal signal(Kind kind) {
  RemoteSignal out;
  out.kind = kind;
  out.from = near();
  out.to = far();
  out.payload = Term::tuple({Term::atom("a"), Term::integer(1)});
  return out;
}

/// Every kind as `here` sends it to `there`, with the fields that the kind has.
std::vector<RemoteSignal> every_kind() {
  const Reference mine{0, 0, 3, {1, 2, 3}};
  const Reference theirs{index_of(there), there.creation, 3, {4, 5, 6}};
  std::vector<RemoteSignal> all;
  for (const Kind kind : {Kind::send, Kind::exit_linked, Kind::exit}) {
    all.push_back(signal(kind));
  }
  for (const Kind kind : {Kind::link, Kind::group_leader}) {
    all.push_back(signal(kind));
    all.back().payload = Term();
  }
  for (const Kind kind : {Kind::unlink, Kind::unlink_ack}) {
    all.push_back(signal(kind));
    all.back().payload = Term();
    all.back().unlink_id = 9;
  }
  RemoteSignal named = signal(Kind::send_name);
  named.to = {};
  named.to_name = "registered";
  all.push_back(named);
  RemoteSignal to_alias = signal(Kind::send_alias);
  to_alias.to = {};
  to_alias.reference = theirs;
  all.push_back(to_alias);
  for (const Kind kind : {Kind::monitor, Kind::demonitor}) {
    RemoteSignal by_pid = signal(kind);
    by_pid.payload = Term();
    by_pid.reference = mine;
    RemoteSignal by_name = by_pid;
    by_name.to = {};
    by_name.to_name = "registered";
    all.push_back(by_pid);
    all.push_back(by_name);
  }
  RemoteSignal down = signal(Kind::monitor_down);
  down.reference = theirs;
  RemoteSignal down_by_name = down;
  down_by_name.from = {};
  down_by_name.from_name = "registered";
  all.push_back(down);
  all.push_back(down_by_name);
  return all;
}

/// What `there` sees: pids of here and there change sides.
Pid seen_there(const Pid& pid) {
  if (!pid.valid()) {
    return pid;
  }
  return pid.local() ? Pid{index_of(here), here.creation, pid.id, pid.serial} : Pid{0, 0, pid.id, pid.serial};
}

ByteView body(const Bytes& frame) { return ByteView(frame).subspan(4); }

/// The same frame in the form without fragments, whose terms have their version bytes.
constexpr Flags plain = supported & ~fragments;
Bytes encode(const RemoteSignal& sent, Flags flags = plain) { return encode_signal(sent, flags, here).frame; }

/// As the peer reads a frame without its length.
Result<ControlMessage> read(ByteView frame, Flags flags = plain) {
  return (flags & fragments) != 0 ? decode_message(frame.subspan(3), index_of(here), there)
                                  : decode_frame(frame, index_of(here), there);
}

void expect_round_trip(const RemoteSignal& sent, Flags flags) {
  const EncodedSignal encoded = encode_signal(sent, flags, here);
  const Bytes& frame = encoded.frame;
  ASSERT_GT(frame.size(), EncodedSignal::content_at);
  EXPECT_LE(encoded.control_end, frame.size());
  if ((flags & fragments) != 0) {
    EXPECT_EQ(frame[4], std::byte{131});
    EXPECT_EQ(frame[5], std::byte{68});
    EXPECT_EQ(frame[6], std::byte{0}) << "no cached atoms";
  }
  const auto decoded = read(body(frame), flags);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  const auto* got = std::get_if<RemoteSignal>(&*decoded);
  ASSERT_NE(got, nullptr) << static_cast<int>(sent.kind);
  EXPECT_EQ(got->kind, sent.kind);
  EXPECT_EQ(got->from, seen_there(sent.from));
  EXPECT_EQ(got->to, seen_there(sent.to));
  EXPECT_EQ(got->to_name, sent.to_name);
  EXPECT_EQ(got->from_name, sent.from_name);
  EXPECT_EQ(got->payload, sent.payload);
  EXPECT_EQ(got->unlink_id, sent.unlink_id);
  EXPECT_EQ(got->reference.words, sent.reference.words);
}

TEST(ControlMessage, every_kind_of_signal_survives_the_round_trip) {
  for (const RemoteSignal& sent : every_kind()) {
    expect_round_trip(sent, supported);
    expect_round_trip(sent, plain);
  }
}

TEST(ControlMessage, peers_without_exit_payload_get_the_reason_in_the_tuple) {
  for (const RemoteSignal& sent : every_kind()) {
    expect_round_trip(sent, supported & ~exit_payload);
  }
}

TEST(ControlMessage, peers_without_send_sender_or_unlink_id_get_the_older_forms) {
  const auto sent = read(body(encode(signal(Kind::send), plain & ~send_sender)));
  EXPECT_FALSE(std::get<RemoteSignal>(*sent).from.valid());
  RemoteSignal unlink = signal(Kind::unlink);
  unlink.unlink_id = 3;
  const auto unlinked = read(body(encode(unlink, plain & ~unlink_id)));
  EXPECT_EQ(std::get<RemoteSignal>(*unlinked).unlink_id, 0U);
  EXPECT_TRUE(encode(signal(Kind::unlink_ack), plain & ~unlink_id).empty());
  EXPECT_TRUE(encode(signal(Kind::send_alias), plain & ~alias).empty());
}

TEST(ControlMessage, every_truncation_fails_cleanly) {
  for (const RemoteSignal& sent : every_kind()) {
    for (const Flags flags : {plain, supported}) {
      const Bytes frame = encode(sent, flags);
      for (std::size_t size = 3; size < body(frame).size(); ++size) {
        EXPECT_FALSE(read(body(frame).first(size), flags).ok()) << static_cast<int>(sent.kind) << " cut to " << size;
      }
    }
  }
}

Bytes frame_of(const Term& control, std::optional<Term> payload = {}) {
  Bytes out{std::byte{112}};
  append_term(out, control, true, here);
  if (payload) {
    append_term(out, *payload, true, here);
  }
  return out;
}

Result<ControlMessage> decode(const Term& control, std::optional<Term> payload = {}) {
  return decode_frame(frame_of(control, std::move(payload)), index_of(here), there);
}

TEST(ControlMessage, trace_tokens_of_the_tt_twins_are_passed_over) {
  const Term from = Term::pid(near());
  const Term to = Term::pid(far());
  const Term token = Term::tuple({Term::integer(1)});
  const Term why = Term::atom("why");
  const auto op = [](std::int64_t code) { return Term::integer(code); };
  const Term unused = Term::atom("");
  const std::vector<std::tuple<Term, std::optional<Term>, Kind>> twins = {
      {Term::tuple({op(code::send_tt), unused, to, token}), why, Kind::send},
      {Term::tuple({op(code::send_sender_tt), from, to, token}), why, Kind::send},
      {Term::tuple({op(code::reg_send_tt), from, unused, Term::atom("x"), token}), why, Kind::send_name},
      {Term::tuple({op(code::exit_tt), from, to, token, why}), {}, Kind::exit_linked},
      {Term::tuple({op(code::exit2_tt), from, to, token, why}), {}, Kind::exit},
      {Term::tuple({op(code::payload_exit_tt), from, to, token}), why, Kind::exit_linked},
      {Term::tuple({op(code::payload_exit2_tt), from, to, token}), why, Kind::exit},
  };
  for (const auto& [control, payload, kind] : twins) {
    const auto message = decode(control, payload);
    ASSERT_TRUE(message.ok()) << control.text() << message.error().message;
    EXPECT_EQ(std::get<RemoteSignal>(*message).kind, kind);
    EXPECT_EQ(std::get<RemoteSignal>(*message).payload, why) << control.text();
  }
}

TEST(ControlMessage, what_is_malformed_is_an_error) {
  const Term to = Term::pid(far());
  EXPECT_FALSE(decode(Term::atom("x")).ok());
  EXPECT_FALSE(decode(Term::tuple({})).ok());
  EXPECT_FALSE(decode(Term::tuple({Term::integer(99), to, to})).ok());
  EXPECT_FALSE(decode(Term::tuple({Term::integer(code::link), to})).ok());
  EXPECT_FALSE(decode(Term::tuple({Term::integer(code::link), Term::atom("a"), to})).ok());
  EXPECT_FALSE(decode(Term::tuple({Term::integer(code::send), to, to})).ok()) << "without its payload";
  EXPECT_FALSE(decode(Term::tuple({Term::integer(code::unlink_id), Term::integer(0), to, to})).ok());
  Bytes cached = frame_of(Term::tuple({Term::integer(code::link), Term::pid(near()), to}));
  cached[0] = std::byte{131};
  EXPECT_FALSE(decode_frame(cached, index_of(here), there).ok());
  Bytes trailing = frame_of(Term::tuple({Term::integer(code::link), Term::pid(near()), to}));
  trailing.push_back(std::byte{0});
  EXPECT_FALSE(decode_frame(trailing, index_of(here), there).ok());
}

TEST(ControlMessage, links_in_the_name_of_a_third_node_are_refused) {
  const Pid third{intern_node_name("third@10.0.0.3").value(), 1, 1, 1};
  EXPECT_FALSE(decode(Term::tuple({Term::integer(code::link), Term::pid(third), Term::pid(far())})).ok());
  EXPECT_TRUE(decode(Term::tuple({Term::integer(code::send_sender), Term::pid(third), Term::pid(far())}), Term()).ok())
      << "but a message may be sent on behalf of another";
}

TEST(ControlMessage, what_is_for_an_earlier_incarnation_of_this_node_is_dropped) {
  Pid stale = far();
  stale.creation = there.creation + 1;
  const auto message = decode(Term::tuple({Term::integer(code::send), Term::atom(""), Term::pid(stale)}), Term());
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(std::holds_alternative<NothingToDo>(*message));
}

TEST(ControlMessage, links_and_monitors_of_an_earlier_incarnation_of_this_node_are_passed_on_to_be_answered) {
  Pid stale = far();
  stale.creation = there.creation + 1;
  const Term reference = Term::reference({0, 0, 3, {1, 2, 3}});
  for (const Term& control :
       {Term::tuple({Term::integer(code::link), Term::pid(near()), Term::pid(stale)}),
        Term::tuple({Term::integer(code::unlink_id), Term::integer(1), Term::pid(near()), Term::pid(stale)}),
        Term::tuple({Term::integer(code::monitor_p), Term::pid(near()), Term::pid(stale), reference})}) {
    const auto message = decode(control);
    ASSERT_TRUE(message.ok()) << message.error().message;
    const auto* signal = std::get_if<RemoteSignal>(&*message);
    ASSERT_NE(signal, nullptr) << control.text();
    EXPECT_FALSE(signal->to.local());
  }
}

TEST(ControlMessage, a_spawn_request_is_refused_with_notsup) {
  const Term request = Term::reference({0, 0, 3, {1, 2, 3}});
  const Term mfa = Term::tuple({Term::atom("m"), Term::atom("f"), Term::integer(0)});
  const auto message = decode(Term::tuple({Term::integer(code::spawn_request), request, Term::pid(near()),
                                           Term::pid(near()), mfa, Term::list({Term::atom("monitor")})}),
                              Term());
  ASSERT_TRUE(message.ok()) << message.error().message;
  const auto* spawn = std::get_if<SpawnRequest>(&*message);
  ASSERT_NE(spawn, nullptr);
  const Bytes refusal = encode_spawn_refusal(*spawn, plain, there).frame;
  ByteView view = body(refusal).subspan(1);
  const Term reply = decode_leading_term(view, {}, here).value();
  EXPECT_TRUE((*reply.as_tuple())[1].as_reference()->node == 0);
  EXPECT_TRUE((*reply.as_tuple())[4].is_atom("notsup"));
}

TEST(ControlMessageProperties, a_changed_byte_never_crashes) {
  test::check_property([](const Term& payload, std::uint16_t where, std::uint8_t value) {
    for (RemoteSignal sent : every_kind()) {
      sent.payload = payload;
      for (const Flags flags : {plain, supported}) {
        Bytes frame = encode(sent, flags);
        frame[4 + where % (frame.size() - 4)] = static_cast<std::byte>(value);
        (void)read(body(frame), flags);
      }
    }
  });
}

}  // namespace
}  // namespace troupe::distribution
