#include "worker/distribution/handshake.hpp"

#include <gtest/gtest.h>

#include "worker/distribution/cookie_digest.hpp"

namespace troupe::distribution {
namespace {

using Progress = HandshakeStep::Progress;

HandshakeSelf alice() { return {"alice@10.0.0.1", 11, supported}; }
HandshakeSelf bob() { return {"bob@10.0.0.2", 22, supported | published}; }
NameStatus always_ok(const PeerIdentity& /*peer*/) { return NameStatus::ok; }

struct Outcome {
  Progress initiator = Progress::more;
  Progress acceptor = Progress::more;
  HandshakeFailure failure{};
  std::vector<Bytes> messages;  ///< All that was said, in order.
};

/// Passes messages to and fro until both are done or nobody speaks.
Outcome run(Handshake& initiator, Handshake& acceptor) {
  Outcome outcome;
  std::vector<std::pair<bool, Bytes>> wire;
  for (Bytes& message : initiator.start()) {
    wire.emplace_back(true, std::move(message));
  }
  for (std::size_t i = 0; i < wire.size(); ++i) {
    const auto [to_acceptor, message] = wire[i];
    outcome.messages.push_back(message);
    Progress& progress = to_acceptor ? outcome.acceptor : outcome.initiator;
    if (progress != Progress::more) {
      continue;
    }
    HandshakeStep step = (to_acceptor ? acceptor : initiator).on_message(message);
    progress = step.progress;
    if (step.progress == Progress::failed) {
      outcome.failure = step.failure;
    }
    for (Bytes& answer : step.send) {
      wire.emplace_back(!to_acceptor, std::move(answer));
    }
  }
  return outcome;
}

Bytes bytes(std::string_view text) {
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(from, from + text.size());
}

TEST(Handshake, two_nodes_with_one_cookie_connect) {
  Initiator initiator(alice(), "bob@10.0.0.2", "secret", 1);
  Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
  const Outcome outcome = run(initiator, acceptor);
  EXPECT_EQ(outcome.initiator, Progress::connected);
  EXPECT_EQ(outcome.acceptor, Progress::connected);
  EXPECT_EQ(initiator.peer().creation, 22U);
  EXPECT_TRUE(initiator.peer().published);
  EXPECT_EQ(initiator.peer().flags, supported);
  EXPECT_EQ(acceptor.peer().name, "alice@10.0.0.1");
  EXPECT_EQ(acceptor.peer().creation, 11U);
  EXPECT_FALSE(acceptor.peer().published);
}

TEST(Handshake, the_acceptor_takes_any_of_its_cookies) {
  Initiator initiator(alice(), "bob@10.0.0.2", "old", 1);
  Acceptor acceptor(bob(), {"new", "old"}, 2, always_ok);
  EXPECT_EQ(run(initiator, acceptor).initiator, Progress::connected);
}

TEST(Handshake, another_cookie_is_refused_by_the_acceptor) {
  Initiator initiator(alice(), "bob@10.0.0.2", "guess", 1);
  Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
  const Outcome outcome = run(initiator, acceptor);
  EXPECT_EQ(outcome.acceptor, Progress::failed);
  EXPECT_EQ(outcome.failure, HandshakeFailure::bad_cookie);
  EXPECT_TRUE(initiator.awaits_verdict());
}

TEST(Handshake, an_acceptor_that_does_not_know_the_cookie_is_refused_by_the_initiator) {
  Initiator initiator(alice(), "bob@10.0.0.2", "secret", 1);
  ASSERT_EQ(initiator.on_message(bytes("sok")).progress, Progress::more);
  Acceptor impostor(bob(), {"guess"}, 2, always_ok);
  const auto answers = impostor.on_message(Initiator(alice(), "bob@10.0.0.2", "x", 1).start()[0]).send;
  ASSERT_EQ(initiator.on_message(answers[1]).progress, Progress::more);
  Bytes ack = bytes("a");
  ack.resize(17);
  const HandshakeStep step = initiator.on_message(ack);
  EXPECT_EQ(step.progress, Progress::failed);
  EXPECT_EQ(step.failure, HandshakeFailure::bad_cookie);
}

TEST(Handshake, simultaneous_connects_leave_one) {
  Initiator told_nok(alice(), "bob@10.0.0.2", "secret", 1);
  Acceptor nok(bob(), {"secret"}, 2, [](const PeerIdentity&) { return NameStatus::nok; });
  const Outcome refused = run(told_nok, nok);
  EXPECT_EQ(refused.initiator, Progress::failed);
  EXPECT_EQ(refused.acceptor, Progress::failed);
  EXPECT_EQ(refused.failure, HandshakeFailure::already_connecting);

  Initiator told_ok(alice(), "bob@10.0.0.2", "secret", 1);
  Acceptor simultaneous(bob(), {"secret"}, 2, [](const PeerIdentity&) { return NameStatus::ok_simultaneous; });
  EXPECT_EQ(run(told_ok, simultaneous).initiator, Progress::connected);
}

TEST(Handshake, a_peer_that_has_a_stale_link_is_told_to_replace_it) {
  Initiator initiator(alice(), "bob@10.0.0.2", "secret", 1);
  Acceptor acceptor(bob(), {"secret"}, 2, [](const PeerIdentity&) { return NameStatus::alive; });
  const Outcome outcome = run(initiator, acceptor);
  EXPECT_EQ(outcome.acceptor, Progress::connected);
  EXPECT_EQ(outcome.messages[2], bytes("strue"));
}

TEST(Handshake, a_peer_that_keeps_its_link_is_a_duplicate) {
  Acceptor acceptor(bob(), {"secret"}, 2, [](const PeerIdentity&) { return NameStatus::alive; });
  ASSERT_EQ(acceptor.on_message(Initiator(alice(), "bob@10.0.0.2", "x", 1).start()[0]).progress, Progress::more);
  EXPECT_EQ(acceptor.on_message(bytes("sfalse")).failure, HandshakeFailure::duplicate);
}

TEST(Handshake, a_peer_without_mandatory_flags_is_refused) {
  HandshakeSelf old = alice();
  old.flags = supported & ~big_creation;
  Initiator initiator(old, "bob@10.0.0.2", "secret", 1);
  Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
  const Outcome outcome = run(initiator, acceptor);
  EXPECT_EQ(outcome.acceptor, Progress::failed);
  EXPECT_EQ(outcome.messages[1], bytes("snot_allowed"));
}

TEST(Handshake, version_5_is_refused) {
  Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
  EXPECT_EQ(acceptor.on_message(bytes("n......alice@10.0.0.1")).failure, HandshakeFailure::old_version);
}

TEST(Handshake, our_own_name_and_no_name_are_refused) {
  for (const char* name : {"bob@10.0.0.2", "nohost", "@10.0.0.1", "a@b@c"}) {
    HandshakeSelf self = alice();
    self.name = name;
    Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
    EXPECT_EQ(acceptor.on_message(Initiator(self, "x@y", "c", 1).start()[0]).failure, HandshakeFailure::bad_name)
        << name;
  }
}

TEST(Handshake, a_node_of_another_name_than_asked_for_is_refused) {
  Initiator initiator(alice(), "carol@10.0.0.2", "secret", 1);
  Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
  EXPECT_EQ(run(initiator, acceptor).failure, HandshakeFailure::bad_name);
}

TEST(Handshake, every_truncation_of_every_message_fails_cleanly) {
  Initiator talk_initiator(alice(), "bob@10.0.0.2", "secret", 1);
  Acceptor talk_acceptor(bob(), {"secret"}, 2, always_ok);
  const std::vector<Bytes> said = run(talk_initiator, talk_acceptor).messages;
  ASSERT_EQ(said.size(), 5U);  // name, status, challenge, reply, ack
  for (std::size_t cut_message = 0; cut_message < said.size(); ++cut_message) {
    for (std::size_t size = 0; size < said[cut_message].size(); ++size) {
      Initiator initiator(alice(), "bob@10.0.0.2", "secret", 1);
      Acceptor acceptor(bob(), {"secret"}, 2, always_ok);
      const bool to_acceptor = cut_message == 0 || cut_message == 3;
      if (to_acceptor && cut_message == 3) {
        (void)acceptor.on_message(said[0]);
      }
      for (std::size_t before = 1; !to_acceptor && before < cut_message; ++before) {
        if (before != 3) {
          (void)initiator.on_message(said[before]);
        }
      }
      Handshake& reader = to_acceptor ? static_cast<Handshake&>(acceptor) : initiator;
      EXPECT_EQ(reader.on_message(ByteView(said[cut_message]).first(size)).progress, Progress::failed)
          << cut_message << " cut to " << size;
    }
  }
}

TEST(CookieDigest, is_md5_of_cookie_and_decimal_challenge) {
  // printf 'secret4294967295' | md5sum
  const CookieDigest digest = cookie_digest("secret", 4294967295U);
  EXPECT_EQ(digest[0], std::byte{0x5d});
  EXPECT_EQ(digest[1], std::byte{0xfd});
  EXPECT_TRUE(same_digest(digest, digest));
  CookieDigest other = digest;
  other[15] ^= std::byte{1};
  EXPECT_FALSE(same_digest(digest, other));
  EXPECT_FALSE(same_digest(digest, ByteView(digest).first(15)));
}

}  // namespace
}  // namespace troupe::distribution
